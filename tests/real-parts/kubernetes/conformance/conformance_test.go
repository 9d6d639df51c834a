// Package conformance runs cert-manager's DNS01 conformance suite, strict, against a DNS01 webhook that is a program of
// its own.
//
// The suite starts a kube-apiserver for each of its two tests and calls a Go Solver. The one here starts the webhook
// with a kubeconfig of that API server and forwards each call by the client that cert-manager's controller uses, so
// that the webhook sees cert-manager's bytes over HTTPS. That API server has no front proxy: the caller shows the
// administrator's client certificate itself.
//
// The suite's own environment is TEST_ASSET_ETCD, TEST_ASSET_KUBE_APISERVER and TEST_ASSET_KUBECTL, which all must be
// set; kubectl is only run where manifests are given. The rest is here.
package conformance

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	dns "github.com/cert-manager/cert-manager/test/acme"
)

func TestConformance(t *testing.T) {
	zone := required(t, "CONFORMANCE_ZONE")
	config := map[string]any{
		"groupName":  required(t, "CONFORMANCE_GROUP"),
		"solverName": required(t, "CONFORMANCE_SOLVER"),
		"config":     json.RawMessage(required(t, "CONFORMANCE_CONFIG")),
	}
	options := []dns.Option{
		dns.SetResolvedZone(zone + "."),
		dns.SetResolvedFQDN("cert-manager-dns01-tests." + zone + "."),
		dns.SetDNSName(zone),
		dns.SetDNSServer(required(t, "CONFORMANCE_DNS")),
		// An authoritative server would be asked at port 53.
		dns.SetUseAuthoritative(false),
		dns.SetStrict(true),
		dns.SetPollInterval(100 * time.Millisecond),
		dns.SetPropagationLimit(30 * time.Second),
		dns.SetConfig(config),
	}
	solver := &webhookProcess{
		t:       t,
		command: strings.Split(required(t, "CONFORMANCE_WEBHOOK"), "\n"),
		group:   config["groupName"].(string),
		secrets: os.Getenv("CONFORMANCE_SECRETS"),
		logs:    required(t, "CONFORMANCE_LOGS"),
	}
	fixture := dns.NewFixture(solver, options...)
	fixture.RunBasic(t)
	fixture.RunExtended(t)
}

func required(t *testing.T, variable string) string {
	t.Helper()
	value := os.Getenv(variable)
	if value == "" {
		t.Fatalf("%s is not set", variable)
	}
	return value
}
