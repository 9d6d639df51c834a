{{/*
An upgrade keeps what a release of another chart has and Issuers, Certificates or people know by name, where no value
says otherwise. `helm template` sees no cluster: there it takes `compatibility`.
*/}}
{{- define "webhook-dnspod.keep" -}}
{{- $name := include "webhook-dnspod.fullname" . -}}
{{- if not .Values.namespace -}}
{{- if include "webhook-dnspod.isOurs" (list . (lookup "apps/v1" "Deployment" "cert-manager" $name)) -}}
{{- $_ := set .Values "namespace" "cert-manager" -}}
{{- end -}}
{{- end -}}
{{- if not (or .Values.groupName .Values.groupNames) -}}
{{- range list "acme.imroc.cc" "acme.mycompany.com" -}}
{{- if include "webhook-dnspod.isOurs" (list $ (lookup "apiregistration.k8s.io/v1" "APIService" "" (printf "v1alpha1.%s" .))) -}}
{{- $_ := set $.Values "groupName" . -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and .Values.clusterIssuer.enabled (not .Values.clusterIssuer.name) -}}
{{- if include "webhook-dnspod.isOurs" (list . (lookup "cert-manager.io/v1" "ClusterIssuer" "" "dnspod")) -}}
{{- $_ := set .Values.clusterIssuer "name" "dnspod" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What an object in the cluster belongs to this release by. Takes the root and the object, which may be empty. */}}
{{- define "webhook-dnspod.isOurs" -}}
{{- $root := index . 0 -}}
{{- $annotations := dig "metadata" "annotations" dict (index . 1) -}}
{{- if and (eq (get $annotations "meta.helm.sh/release-name") $root.Release.Name) (eq (get $annotations "meta.helm.sh/release-namespace") $root.Release.Namespace) }}true{{ end -}}
{{- end -}}
