{{/* Names and labels. Those that other charts for this webhook use too are the same, so that releases can be upgraded. */}}

{{- define "webhook-dnspod.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "webhook-dnspod.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- $prefixed := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- default $prefixed .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "webhook-dnspod.namespace" -}}
{{- .Values.namespace | default (ternary "cert-manager" .Release.Namespace (eq .Values.compatibility "imroc")) -}}
{{- end -}}

{{/* Where ClusterIssuers find their Secrets. */}}
{{- define "webhook-dnspod.clusterResourceNamespace" -}}
{{- .Values.certManager.clusterResourceNamespace | default .Values.certManager.namespace -}}
{{- end -}}

{{- define "webhook-dnspod.serviceAccountName" -}}
{{- $default := "default" -}}
{{- if .Values.serviceAccount.create }}{{ $default = include "webhook-dnspod.fullname" . }}{{ end -}}
{{- .Values.serviceAccount.name | default $default -}}
{{- end -}}

{{/* The Secret that holds the serving certificate. */}}
{{- define "webhook-dnspod.servingSecret" -}}
{{- $default := ternary "self-signed" "webhook-tls" (eq .Values.tls.mode "selfSigned") -}}
{{- .Values.tls.secretName | default (printf "%s-%s" (include "webhook-dnspod.fullname" .) $default) -}}
{{- end -}}

{{/* The labels by which pods are selected. Kubernetes lets no Deployment change them. */}}
{{- define "webhook-dnspod.selectorLabels" -}}
app: {{ include "webhook-dnspod.name" . }}
release: {{ .Release.Name }}
{{- end -}}

{{- define "webhook-dnspod.labels" -}}
{{ include "webhook-dnspod.selectorLabels" . }}
chart: {{ include "webhook-dnspod.chart" . }}
heritage: {{ .Release.Service }}
helm.sh/chart: {{ include "webhook-dnspod.chart" . }}
app.kubernetes.io/name: {{ include "webhook-dnspod.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "webhook-dnspod.chart" -}}
{{- printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* The pods' service account as a subject of a binding. */}}
{{- define "webhook-dnspod.subject" -}}
- kind: ServiceAccount
  name: {{ include "webhook-dnspod.serviceAccountName" . }}
  namespace: {{ include "webhook-dnspod.namespace" . }}
{{- end -}}

{{/* Whose image: that of a Go webhook, which would not know these arguments, is read as ours. */}}
{{- define "webhook-dnspod.image" -}}
{{- if include "webhook-dnspod.foreignImage" . -}}
cert-manager-webhook-dnspod:{{ .Chart.AppVersion }}
{{- else if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{- define "webhook-dnspod.foreignImage" -}}
{{- if regexMatch "^(docker[.]io/|index[.]docker[.]io/)?(imroc|qqshfox)/cert-manager-webhook-dnspod$" .Values.image.repository }}true{{ end -}}
{{- end -}}

{{/* The namespaces whose Secrets may be read, as a JSON list. */}}
{{- define "webhook-dnspod.secretNamespaces" -}}
{{- $default := list (include "webhook-dnspod.clusterResourceNamespace" .) (include "webhook-dnspod.namespace" .) -}}
{{- .Values.rbac.secretNamespaces | default $default | uniq | toJson -}}
{{- end -}}

{{- define "webhook-dnspod.secretRule" -}}
- apiGroups: [""]
  resources: [secrets]
  {{- with .Values.rbac.secretNames }}
  resourceNames:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  verbs: [get]
{{- end -}}
