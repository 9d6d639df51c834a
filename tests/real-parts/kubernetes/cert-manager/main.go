// Command cert-manager runs one part of the real cert-manager as a plain process: "controller", "cainjector" or
// "webhook", as cert-manager's images do, and "reference-webhook", a DNS01 webhook made with cert-manager's library.
// cert-manager's own commands are modules that nobody can require; what they consist of can be.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"

	logf "github.com/cert-manager/cert-manager/pkg/logs"
)

func main() {
	parts := map[string]func(context.Context, []string) error{
		"controller":        runController,
		"cainjector":        runCAInjector,
		"webhook":           runWebhook,
		"reference-webhook": runReferenceWebhook,
	}
	part := ""
	if len(os.Args) > 1 {
		part = os.Args[1]
	}
	run, known := parts[part]
	if !known {
		fmt.Fprintln(os.Stderr, "usage: cert-manager controller|cainjector|webhook|reference-webhook [flags]")
		os.Exit(2)
	}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	log := klog.Background()
	ctrl.SetLogger(log)
	if err := run(logf.NewContext(ctx, log), os.Args[2:]); err != nil {
		fmt.Fprintf(os.Stderr, "cert-manager %s: %v\n", part, err)
		os.Exit(1)
	}
}
