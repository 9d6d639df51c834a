{{/*
What every template begins with: values that are whole, and right.

`helm upgrade --reuse-values` brings the values of the chart before instead of this one's defaults. When that was another
chart, everything that only this one has is missing; files/defaults.yaml, a copy of values.yaml, then fills it in. A
section that somebody set to null becomes an empty one. All templates see the same values, so that a release is asked for
only once.
*/}}
{{- define "webhook-dnspod.prepare" -}}
{{- $defaults := .Files.Get "files/defaults.yaml" | fromYaml -}}
{{- if not (hasKey .Values "compatibility") -}}
{{- include "webhook-dnspod.fill" (list .Values $defaults) -}}
{{- end -}}
{{- range $name, $default := $defaults -}}
{{- if and (kindIs "map" $default) (not (kindIs "map" (index $.Values $name))) -}}
{{- $_ := set $.Values $name dict -}}
{{- end -}}
{{- end -}}
{{- if and .Release.IsUpgrade (not .Values.compatibility) (not (hasKey .Values "x-kept")) -}}
{{- include "webhook-dnspod.keep" . -}}
{{- $_ := set .Values "x-kept" true -}}
{{- end -}}
{{- include "webhook-dnspod.check" . -}}
{{- end -}}

{{/* Takes a list of two maps and gives the first what it lacks of the second. */}}
{{- define "webhook-dnspod.fill" -}}
{{- $into := index . 0 -}}
{{- range $name, $default := index . 1 -}}
{{- if or (not (hasKey $into $name)) (kindIs "invalid" (index $into $name)) -}}
{{- $_ := set $into $name $default -}}
{{- else if and (kindIs "map" $default) (kindIs "map" (index $into $name)) -}}
{{- include "webhook-dnspod.fill" (list (index $into $name) $default) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* A number as it was written: Helm reads numbers of a file as floating-point ones and would print 1.234567e+06. */}}
{{- define "webhook-dnspod.integer" -}}
{{- if kindIs "string" . }}{{ trim . }}{{ else }}{{ int64 . }}{{ end -}}
{{- end -}}

{{/*
A duration as Go prints it, 43800h0m0s. cert-manager's admission rewrites any other spelling, and tools that compare what
is there with what was asked for then see a difference for ever.
*/}}
{{- define "webhook-dnspod.duration" -}}
{{- $units := dict "h" 3600 "m" 60 "s" 1 -}}
{{- $total := 0 -}}
{{- range regexFindAll "[0-9]+[hms]" . -1 -}}
{{- $last := sub (len .) 1 | int -}}
{{- $total = add $total (mul (substr 0 $last . | int64) (get $units (substr $last (len .) .))) -}}
{{- end -}}
{{- $minutes := div $total 60 -}}
{{- if ge $total 3600 }}{{ div $minutes 60 }}h{{ end }}{{ if ge $total 60 }}{{ mod $minutes 60 }}m{{ end }}{{ mod $total 60 }}s
{{- end -}}

{{/* Certificates that were given as PEM or as base64 of PEM, as base64. */}}
{{- define "webhook-dnspod.caBundle" -}}
{{- if contains "-----BEGIN CERTIFICATE-----" . }}{{ trim . | printf "%s\n" | b64enc }}{{ else }}{{ . | replace "\n" "" | trim }}{{ end -}}
{{- end -}}
