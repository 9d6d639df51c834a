{{/* Keeps replicas on different nodes. */}}
{{- define "webhook-dnspod.podAntiAffinity" -}}
{{- if eq .Values.podAntiAffinity "hard" -}}
affinity:
  podAntiAffinity:
    requiredDuringSchedulingIgnoredDuringExecution:
      - topologyKey: kubernetes.io/hostname
        labelSelector:
          matchLabels:
            {{- include "webhook-dnspod.selectorLabels" . | nindent 12 }}
{{- else if eq .Values.podAntiAffinity "soft" -}}
affinity:
  podAntiAffinity:
    preferredDuringSchedulingIgnoredDuringExecution:
      - weight: 100
        podAffinityTerm:
          topologyKey: kubernetes.io/hostname
          labelSelector:
            matchLabels:
              {{- include "webhook-dnspod.selectorLabels" . | nindent 14 }}
{{- end -}}
{{- end -}}
