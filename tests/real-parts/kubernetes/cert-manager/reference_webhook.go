package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/client-go/rest"

	"github.com/cert-manager/cert-manager/pkg/acme/webhook/apis/acme/v1alpha1"
	"github.com/cert-manager/cert-manager/pkg/acme/webhook/cmd/server"
)

// runReferenceWebhook serves a DNS01 solver called "reference" by cert-manager's own library, as webhooks written in Go
// do, in the API group $GROUP_NAME. The flags are the library's.
func runReferenceWebhook(ctx context.Context, args []string) error {
	command := server.NewCommandStartWebhookServer(ctx, os.Getenv("GROUP_NAME"), &reference{})
	command.SetArgs(args)
	return command.ExecuteContext(ctx)
}

// reference edits zones by an HTTP server that speaks the protocol of lego's "httpreq" provider.
type reference struct{}

func (*reference) Name() string { return "reference" }

func (*reference) Initialize(*rest.Config, <-chan struct{}) error { return nil }

func (r *reference) Present(challenge *v1alpha1.ChallengeRequest) error {
	return r.edit("present", challenge)
}

func (r *reference) CleanUp(challenge *v1alpha1.ChallengeRequest) error {
	return r.edit("cleanup", challenge)
}

func (*reference) edit(what string, challenge *v1alpha1.ChallengeRequest) error {
	var config struct {
		Endpoint string `json:"endpoint"`
	}
	if err := json.Unmarshal(raw(challenge.Config), &config); err != nil {
		return fmt.Errorf("config: %w", err)
	}
	body, err := json.Marshal(map[string]string{"fqdn": challenge.ResolvedFQDN, "value": challenge.Key})
	if err != nil {
		return err
	}
	response, err := http.Post(config.Endpoint+"/"+what, "application/json", bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		reason, _ := io.ReadAll(response.Body)
		return fmt.Errorf("%s: %s", response.Status, reason)
	}
	return nil
}

func raw(config *apiextensionsv1.JSON) []byte {
	if config == nil {
		return []byte("{}")
	}
	return config.Raw
}
