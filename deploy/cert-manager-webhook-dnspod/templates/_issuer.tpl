{{/* API groups, credentials and what an Issuer has to say. */}}

{{/* The groups as a JSON list, that of the ClusterIssuer first. */}}
{{- define "webhook-dnspod.groups" -}}
{{- $groups := compact (prepend (.Values.groupNames | default list) .Values.groupName) -}}
{{- if not $groups -}}
{{- $groups = list (include "webhook-dnspod.defaultGroup" .) -}}
{{- end -}}
{{- uniq $groups | toJson -}}
{{- end -}}

{{/* The group where none is set. */}}
{{- define "webhook-dnspod.defaultGroup" -}}
{{- ternary "acme.mycompany.com" "acme.dnspod.com" (eq .Values.compatibility "qqshfox") -}}
{{- end -}}

{{- define "webhook-dnspod.clusterIssuerName" -}}
{{- $default := ternary "dnspod" (printf "%s-cluster-issuer" (include "webhook-dnspod.fullname" .)) (eq .Values.compatibility "imroc") -}}
{{- .Values.clusterIssuer.name | default $default -}}
{{- end -}}

{{- define "webhook-dnspod.secretId" -}}
{{- .Values.secrets.secretId | default .Values.clusterIssuer.secretId | default "" | trim -}}
{{- end -}}

{{- define "webhook-dnspod.secretKey" -}}
{{- .Values.secrets.secretKey | default .Values.clusterIssuer.secretKey | default "" | trim -}}
{{- end -}}

{{/* `token`, `key` (API 3.0), `ambient`, or nothing. */}}
{{- define "webhook-dnspod.credentials" -}}
{{- if or .Values.secrets.apiToken .Values.secrets.apiID -}}
token
{{- else if or .Values.secrets.existingSecret (include "webhook-dnspod.secretId" .) -}}
key
{{- else if .Values.ambientCredentials -}}
ambient
{{- end -}}
{{- end -}}

{{- define "webhook-dnspod.credentialsSecret" -}}
{{- .Values.secrets.existingSecret | default (printf "%s-secret" (include "webhook-dnspod.fullname" .)) -}}
{{- end -}}

{{/* Where the chart's own Secret of credentials goes: where the ClusterIssuer looks, else where Issuers of the release do. */}}
{{- define "webhook-dnspod.credentialsNamespace" -}}
{{- if .Values.clusterIssuer.enabled }}{{ include "webhook-dnspod.clusterResourceNamespace" . }}{{ else }}{{ include "webhook-dnspod.namespace" . }}{{ end -}}
{{- end -}}

{{- define "webhook-dnspod.secretKeyName" -}}
{{- $root := index . 0 -}}
{{- $default := index . 2 -}}
{{- get ($root.Values.secrets.keys | default dict) (index . 1) | default $default -}}
{{- end -}}

{{/* What the legacy API is told. An email that only the CA may understand is left out: the webhook would not start. */}}
{{- define "webhook-dnspod.contactEmail" -}}
{{- $email := .Values.dnspod.contactEmail | default .Values.clusterIssuer.email | default "" -}}
{{- if include "webhook-dnspod.isAddress" $email }}{{ $email }}{{ end -}}
{{- end -}}

{{- define "webhook-dnspod.isAddress" -}}
{{- if and (regexMatch `^[!-~]+$` .) (regexMatch `^[^@()<>,;"\\]+@[^@()<>,;"\\]+$` .) }}true{{ end -}}
{{- end -}}

{{/* The solver: what stands below `solvers:` in an Issuer or ClusterIssuer. */}}
{{- define "webhook-dnspod.solver" -}}
{{- $issuer := .Values.clusterIssuer -}}
{{- $credentials := include "webhook-dnspod.credentials" . -}}
{{- $secret := include "webhook-dnspod.credentialsSecret" . -}}
- dns01:
    {{- with $issuer.cnameStrategy }}
    cnameStrategy: {{ . }}
    {{- end }}
    webhook:
      groupName: {{ include "webhook-dnspod.groups" . | fromJsonArray | first }}
      solverName: dnspod
      config:
        {{- if eq $credentials "token" }}
        apiID: {{ with .Values.secrets.apiID }}{{ include "webhook-dnspod.integer" . }}{{ else }}<the token's ID>{{ end }}
        apiTokenSecretRef:
          name: {{ $secret }}
          key: {{ include "webhook-dnspod.secretKeyName" (list . "apiToken" "api-token") }}
        {{- else if ne $credentials "ambient" }}
        secretIdRef:
          name: {{ $secret }}
          key: {{ include "webhook-dnspod.secretKeyName" (list . "secretId" "secretId") }}
        secretKeyRef:
          name: {{ $secret }}
          key: {{ include "webhook-dnspod.secretKeyName" (list . "secretKey" "secretKey") }}
        {{- end }}
        ttl: {{ include "webhook-dnspod.integer" ($issuer.ttl | default 600) }}
        {{- with $issuer.recordLine }}
        recordLine: {{ . | quote }}
        {{- end }}
        {{- if $issuer.waitForPropagation }}
        waitForPropagation: true
        {{- end }}
  {{- with include "webhook-dnspod.waitInsteadOfSelfCheck" . }}
  waitInsteadOfSelfCheck: {{ . }}
  {{- end }}
  {{- with $issuer.selector }}
  selector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{/* Rendered only where the API server knows the field: it refuses an object that has an unknown one. */}}
{{- define "webhook-dnspod.waitInsteadOfSelfCheck" -}}
{{- $wanted := .Values.clusterIssuer.waitInsteadOfSelfCheck -}}
{{- if not .Values.clusterIssuer.waitForPropagation -}}
{{- else if ne $wanted "auto" -}}
{{- with $wanted }}{{ include "webhook-dnspod.duration" . }}{{ end -}}
{{- else if .Values.clusterIssuer.enabled -}}
{{- $definition := lookup "apiextensions.k8s.io/v1" "CustomResourceDefinition" "" "clusterissuers.cert-manager.io" -}}
{{- range dig "spec" "versions" list $definition -}}
{{- $solver := dig "schema" "openAPIV3Schema" "properties" "spec" "properties" "acme" "properties" "solvers" "items" "properties" dict . -}}
{{- if and (eq .name "v1") (hasKey $solver "waitInsteadOfSelfCheck") }}1s{{ end -}}
{{- end -}}
{{- end -}}
{{- end -}}
