package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"reflect"
	"time"

	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/klog/v2"

	"github.com/cert-manager/cert-manager/pkg/controller"
	// Each of these registers itself: what cert-manager enables by default, without Vault and Venafi.
	_ "github.com/cert-manager/cert-manager/pkg/controller/acmechallenges"
	_ "github.com/cert-manager/cert-manager/pkg/controller/acmeorders"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificate-shim/ingresses"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/acme"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/approver"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/ca"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/selfsigned"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/issuing"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/keymanager"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/metrics"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/readiness"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/requestmanager"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/revisionmanager"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/trigger"
	_ "github.com/cert-manager/cert-manager/pkg/controller/clusterissuers"
	_ "github.com/cert-manager/cert-manager/pkg/controller/issuers"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/acme"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/ca"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/selfsigned"
)

// runController runs cert-manager's controllers without leader election. Flags and defaults are those of
// cert-manager's controller, as far as tests have a use for them.
func runController(ctx context.Context, args []string) error {
	options := controller.ContextOptions{
		KubernetesAPIQPS:   20,
		KubernetesAPIBurst: 50,
		ACMEOptions: controller.ACMEOptions{
			HTTP01SolverImage:                 "there.is.no.http01.solver.here",
			HTTP01SolverResourceRequestCPU:    resource.MustParse("10m"),
			HTTP01SolverResourceRequestMemory: resource.MustParse("64Mi"),
			HTTP01SolverResourceLimitsCPU:     resource.MustParse("100m"),
			HTTP01SolverResourceLimitsMemory:  resource.MustParse("64Mi"),
			ACMEHTTP01SolverRunAsNonRoot:      true,
		},
		CertificateOptions: controller.CertificateOptions{
			CopiedAnnotationPrefixes: []string{"*", "-kubectl.kubernetes.io/", "-fluxcd.io/", "-argocd.argoproj.io/"},
		},
	}
	var workers int
	var recursiveOnly bool
	var metricsAddress string
	flags := pflag.NewFlagSet("controller", pflag.ExitOnError)
	flags.StringVar(&options.Kubeconfig, "kubeconfig", "", "kubeconfig file")
	flags.StringVar(&options.ClusterResourceNamespace, "cluster-resource-namespace", "kube-system", "namespace of what a ClusterIssuer refers to")
	flags.BoolVar(&options.ClusterIssuerAmbientCredentials, "cluster-issuer-ambient-credentials", true, "")
	flags.BoolVar(&options.IssuerAmbientCredentials, "issuer-ambient-credentials", false, "")
	flags.StringSliceVar(&options.DNS01Nameservers, "dns01-recursive-nameservers", nil, "host:port, separated by commas")
	flags.BoolVar(&recursiveOnly, "dns01-recursive-nameservers-only", false, "never ask authoritative servers")
	flags.DurationVar(&options.DNS01CheckRetryPeriod, "dns01-check-retry-period", 10*time.Second, "")
	flags.IntVar(&options.MaxConcurrentChallenges, "max-concurrent-challenges", 60, "")
	flags.BoolVar(&options.EnableOwnerRef, "enable-certificate-owner-ref", false, "")
	flags.DurationVar(&options.CertificateRequestMinimumBackoffDuration, "certificate-request-minimum-backoff-duration", time.Hour, "")
	flags.IntVar(&workers, "concurrent-workers", 5, "")
	flags.StringVar(&metricsAddress, "metrics-listen-address", "127.0.0.1:0", "")
	logging := flag.NewFlagSet("klog", flag.ExitOnError)
	klog.InitFlags(logging)
	flags.AddGoFlag(logging.Lookup("v"))
	if err := flags.Parse(args); err != nil {
		return err
	}
	if len(options.DNS01Nameservers) == 0 {
		return fmt.Errorf("--dns01-recursive-nameservers is missing: the machine's own name servers are of no use to a test")
	}
	options.DNS01CheckAuthoritative = !recursiveOnly
	// Until 1.20 cert-manager has its longest wait as a constant, and no such field.
	if longest := reflect.ValueOf(&options).Elem().FieldByName("CertificateRequestMaximumBackoffDuration"); longest.IsValid() {
		longest.SetInt(int64(32 * time.Hour))
	}

	group, ctx := errgroup.WithContext(ctx)
	factory, err := controller.NewContextFactory(ctx, options)
	if err != nil {
		return err
	}
	root, err := factory.Build()
	if err != nil {
		return err
	}
	if err := serveMetrics(ctx, group, root, metricsAddress); err != nil {
		return err
	}
	for name, construct := range controller.Known() {
		one, err := construct(factory)
		if err != nil {
			return fmt.Errorf("controller %s: %w", name, err)
		}
		group.Go(func() error { return one.Run(workers, ctx) })
	}
	root.SharedInformerFactory.Start(ctx.Done())
	root.KubeSharedInformerFactory.Start(ctx.Done())
	root.HTTP01ResourceMetadataInformersFactory.Start(ctx.Done())
	klog.InfoS("controllers started", "count", len(controller.Known()))
	return group.Wait()
}

func serveMetrics(ctx context.Context, group *errgroup.Group, root *controller.Context, address string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	certmanager, acme := root.SharedInformerFactory.Certmanager().V1(), root.SharedInformerFactory.Acme().V1()
	root.Metrics.SetupACMECollector(acme.Challenges().Lister())
	root.Metrics.SetupCertificateCollector(certmanager.Certificates().Lister())
	root.Metrics.SetupIssuerCollector(certmanager.Issuers().Lister())
	root.Metrics.SetupClusterIssuerCollector(certmanager.ClusterIssuers().Lister())
	server := root.Metrics.NewServer(listener)
	go func() { _ = server.Serve(listener) }()
	group.Go(func() error { <-ctx.Done(); return server.Close() })
	return nil
}
