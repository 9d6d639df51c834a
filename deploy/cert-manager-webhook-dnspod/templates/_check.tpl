{{/* Refuses values that cannot work, each with a sentence that names the value and what is allowed. */}}
{{- define "webhook-dnspod.check" -}}
{{- if not (has .Values.compatibility (list nil "" "imroc" "qqshfox")) -}}
{{- fail (printf "compatibility %q is unknown: imroc, qqshfox or empty" .Values.compatibility) -}}
{{- end -}}
{{- include "webhook-dnspod.checkGroups" . -}}
{{- include "webhook-dnspod.checkCredentials" . -}}
{{- include "webhook-dnspod.checkContact" . -}}
{{- include "webhook-dnspod.checkClusterIssuer" . -}}
{{- include "webhook-dnspod.checkServing" . -}}
{{- end -}}

{{- define "webhook-dnspod.checkGroups" -}}
{{- range $group := include "webhook-dnspod.groups" . | fromJsonArray -}}
{{- if not (regexMatch "^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)+$" $group) -}}
{{- fail (printf "groupName %q is no API group: it has to be a lower-case domain name with a dot, such as acme.mycompany.example" $group) -}}
{{- end -}}
{{- if gt (len $group) 244 -}}
{{- fail (printf "groupName %q is too long: v1alpha1.<group>, the APIService's name, may have 253 characters" $group) -}}
{{- end -}}
{{- range $taken := list "cert-manager.io" "k8s.io" "kubernetes.io" -}}
{{- if hasSuffix (printf ".%s" $taken) (printf ".%s" $group) -}}
{{- fail (printf "groupName %q is below %s, which belongs to others: take one below a domain of your own, such as acme.mycompany.example" $group $taken) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "webhook-dnspod.checkCredentials" -}}
{{- $secrets := .Values.secrets -}}
{{- $id := include "webhook-dnspod.secretId" . -}}
{{- $key := include "webhook-dnspod.secretKey" . -}}
{{- if and (or $secrets.apiID $secrets.apiToken) (or $id $key) -}}
{{- fail "two kinds of credentials are set: secrets.apiID and secrets.apiToken are a DNSPod token, secretId and secretKey a key of API 3.0. Keep one pair" -}}
{{- end -}}
{{- if and $secrets.existingSecret (or $secrets.apiToken $id $key) -}}
{{- fail (printf "secrets.existingSecret is %q, and credentials are set besides: keep one of them" $secrets.existingSecret) -}}
{{- end -}}
{{- range $name := list "secretId" "secretKey" -}}
{{- $one := get $secrets $name | default "" | trim -}}
{{- $other := get $.Values.clusterIssuer $name | default "" | trim -}}
{{- if and $one $other (ne $one $other) -}}
{{- fail (printf "secrets.%s and clusterIssuer.%s are set and differ: they mean the same, so keep one" $name $name) -}}
{{- end -}}
{{- end -}}
{{- if and $id (not $key) -}}
{{- fail "a secretId is set without a secretKey: set secrets.secretKey too" -}}
{{- end -}}
{{- if and $key (not $id) -}}
{{- fail "a secretKey is set without a secretId: set secrets.secretId too" -}}
{{- end -}}
{{- with $secrets.apiID -}}
{{- if not (regexMatch "^[0-9]+$" (include "webhook-dnspod.integer" .)) -}}
{{- fail (printf "secrets.apiID %q is no number: it is the ID that DNSPod shows beside the token" (toString .)) -}}
{{- end -}}
{{- if not (or $secrets.apiToken $secrets.existingSecret) -}}
{{- fail "secrets.apiID is set without secrets.apiToken: set it too, or secrets.existingSecret" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "webhook-dnspod.checkContact" -}}
{{- with .Values.dnspod.contactEmail -}}
{{- if not (include "webhook-dnspod.isAddress" .) -}}
{{- fail (printf "dnspod.contactEmail %q is not one mail address" .) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "webhook-dnspod.checkClusterIssuer" -}}
{{- $issuer := .Values.clusterIssuer -}}
{{- if $issuer.enabled -}}
{{- if not $issuer.email -}}
{{- if not $issuer.server -}}
{{- fail "clusterIssuer.email is empty: Let's Encrypt writes to it when something is wrong with a certificate. Set it to an address that somebody reads" -}}
{{- end -}}
{{- else if not (contains "@" $issuer.email) -}}
{{- fail (printf "clusterIssuer.email %q is no address" $issuer.email) -}}
{{- end -}}
{{- if and $issuer.staging $issuer.server -}}
{{- fail "clusterIssuer.staging is Let's Encrypt's, and clusterIssuer.server is set besides: keep one" -}}
{{- end -}}
{{- if not (include "webhook-dnspod.credentials" .) -}}
{{- fail "clusterIssuer.enabled is true and no credentials are set: set secrets.apiID and secrets.apiToken (a DNSPod token), secrets.secretId and secrets.secretKey (API 3.0), secrets.existingSecret, or ambientCredentials" -}}
{{- end -}}
{{- if and .Values.secrets.apiToken (not .Values.secrets.apiID) -}}
{{- fail "secrets.apiToken is set without secrets.apiID, and clusterIssuer.enabled is true: the ClusterIssuer has to name the token's ID" -}}
{{- end -}}
{{- with $issuer.externalAccountBinding -}}
{{- $name := dig "keySecretRef" "name" "" . -}}
{{- if ne (empty .keyID) (empty $name) -}}
{{- fail "clusterIssuer.externalAccountBinding needs both keyID and keySecretRef.name" -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and (not $issuer.waitForPropagation) $issuer.waitInsteadOfSelfCheck (ne $issuer.waitInsteadOfSelfCheck "auto") -}}
{{- fail (printf "clusterIssuer.waitInsteadOfSelfCheck is %q and clusterIssuer.waitForPropagation is false: then nobody would look whether the record can be seen. Set clusterIssuer.waitForPropagation=true" $issuer.waitInsteadOfSelfCheck) -}}
{{- end -}}
{{- end -}}

{{- define "webhook-dnspod.checkServing" -}}
{{- $tls := .Values.tls -}}
{{- $mode := $tls.mode -}}
{{- if not (has $mode (list "certManager" "caInjector" "ownCA" "selfSigned")) -}}
{{- fail (printf "tls.mode %q is unknown: certManager, caInjector, ownCA or selfSigned" (toString $mode)) -}}
{{- end -}}
{{- if and (has $mode (list "caInjector" "ownCA")) (not $tls.secretName) -}}
{{- fail (printf "tls.mode is %s and tls.secretName is empty: set it to the Secret that holds the serving certificate of %s.%s.svc" $mode (include "webhook-dnspod.fullname" .) (include "webhook-dnspod.namespace" .)) -}}
{{- end -}}
{{- if and (eq $mode "ownCA") (not $tls.caBundle) -}}
{{- fail "tls.mode is ownCA and tls.caBundle is empty: set it to the certificate of the CA that issued the serving certificate (--set-file tls.caBundle=ca.crt)" -}}
{{- end -}}
{{- if and (ne $mode "ownCA") $tls.caBundle -}}
{{- fail (printf "tls.caBundle is set and tls.mode is %s: the bundle is used with ownCA only" $mode) -}}
{{- end -}}
{{- if and (ne $mode "certManager") $tls.issuerRef -}}
{{- fail (printf "tls.issuerRef is set and tls.mode is %s: it is used with certManager only" $mode) -}}
{{- end -}}
{{- if and (eq $mode "selfSigned") (not .Values.rbac.create) -}}
{{- fail "tls.mode is selfSigned and rbac.create is false: the webhook has to be let keep its certificate and tell the kube-apiserver. Set rbac.create=true or another tls.mode" -}}
{{- end -}}
{{- with .Values.podDisruptionBudget -}}
{{- if and .enabled (not (empty .minAvailable)) (not (empty .maxUnavailable)) -}}
{{- fail "podDisruptionBudget.minAvailable and podDisruptionBudget.maxUnavailable are both set: Kubernetes takes one. Set the other to \"\"" -}}
{{- end -}}
{{- end -}}
{{- end -}}
