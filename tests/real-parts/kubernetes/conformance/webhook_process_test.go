package conformance

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/cert-manager/cert-manager/pkg/acme/webhook/apis/acme/v1alpha1"
	client "github.com/cert-manager/cert-manager/pkg/issuer/acme/dns/webhook"
)

const (
	readyLimit = 30 * time.Second
	stopLimit  = 5 * time.Second
)

// webhookProcess is a Solver that starts the webhook and forwards to it.
type webhookProcess struct {
	client.Webhook
	t *testing.T
	// command is the program and its arguments; {port}, {kubeconfig}, {tls-cert}, {tls-key} and {group} are replaced.
	command []string
	group   string
	// secrets is JSON, {"name":{"key":"value"}}: what has to be in a challenge's namespace before it is presented.
	secrets string
	// logs is the folder for what the webhook writes.
	logs string
	kube kubernetes.Interface
}

func (p *webhookProcess) Initialize(config *rest.Config, stop <-chan struct{}) (err error) {
	if p.kube, err = kubernetes.NewForConfig(config); err != nil {
		return err
	}
	dir := p.t.TempDir()
	place := func(name string) string { return filepath.Join(dir, name) }
	if err := writeKubeconfig(place("kubeconfig"), config); err != nil {
		return err
	}
	ca, err := writeCertificate(place("tls.crt"), place("tls.key"))
	if err != nil {
		return err
	}
	port, err := freePort()
	if err != nil {
		return err
	}
	exited, err := p.start(port, stop, strings.NewReplacer(
		"{port}", port, "{kubeconfig}", place("kubeconfig"), "{group}", p.group,
		"{tls-cert}", place("tls.crt"), "{tls-key}", place("tls.key"),
	))
	if err != nil {
		return err
	}
	host := "https://127.0.0.1:" + port
	if err := p.ready(host, ca, config, exited); err != nil {
		return err
	}
	direct := &rest.Config{Host: host, UserAgent: "cert-manager-challenges/conformance"}
	direct.TLSClientConfig = rest.TLSClientConfig{CAData: ca, CertData: config.CertData, KeyData: config.KeyData}
	return p.Webhook.Initialize(direct, stop)
}

func (p *webhookProcess) Present(challenge *v1alpha1.ChallengeRequest) error {
	if err := p.createSecrets(challenge.ResourceNamespace); err != nil {
		return err
	}
	err := p.Webhook.Present(challenge)
	p.t.Logf("Present %s: %v", challenge.Key, err)
	return err
}

func (p *webhookProcess) CleanUp(challenge *v1alpha1.ChallengeRequest) error {
	err := p.Webhook.CleanUp(challenge)
	p.t.Logf("CleanUp %s: %v", challenge.Key, err)
	return err
}

func (p *webhookProcess) createSecrets(namespace string) error {
	if p.secrets == "" {
		return nil
	}
	var secrets map[string]map[string]string
	if err := json.Unmarshal([]byte(p.secrets), &secrets); err != nil {
		return err
	}
	for name, data := range secrets {
		secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name}, StringData: data}
		_, err := p.kube.CoreV1().Secrets(namespace).Create(context.Background(), secret, metav1.CreateOptions{})
		if err != nil && !apierrors.IsAlreadyExists(err) {
			return err
		}
	}
	return nil
}

// start runs the webhook until stop is closed; the channel that it returns is closed when the webhook has ended.
func (p *webhookProcess) start(port string, stop <-chan struct{}, place *strings.Replacer) (<-chan struct{}, error) {
	log, err := os.Create(filepath.Join(p.logs, "webhook-"+port+".log"))
	if err != nil {
		return nil, err
	}
	args := make([]string, len(p.command))
	for i, arg := range p.command {
		args[i] = place.Replace(arg)
	}
	command := exec.Command(args[0], args[1:]...)
	command.Env = append(os.Environ(), "GROUP_NAME="+p.group, "KUBECONFIG="+place.Replace("{kubeconfig}"))
	command.Stdout, command.Stderr = log, log
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := command.Start(); err != nil {
		return nil, err
	}
	exited := make(chan struct{})
	go func() { _ = command.Wait(); close(exited) }()
	go func() {
		<-stop
		_ = command.Process.Signal(syscall.SIGTERM)
		select {
		case <-exited:
		case <-time.After(stopLimit):
			_ = command.Process.Kill()
		}
	}()
	return exited, nil
}

// ready waits until the webhook serves its group to the caller's certificate. Its health says less: cert-manager's own
// library is healthy before it knows whom to trust.
func (p *webhookProcess) ready(host string, ca []byte, config *rest.Config, exited <-chan struct{}) error {
	own, err := tls.X509KeyPair(config.CertData, config.KeyData)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	probe := &http.Client{Timeout: time.Second, Transport: &http.Transport{
		// A connection stays as it was authenticated.
		DisableKeepAlives: true,
		TLSClientConfig:   &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{own}},
	}}
	limit := time.After(readyLimit)
	last := "nothing was answered"
	for {
		response, err := probe.Get(host + "/apis/" + p.group + "/v1alpha1")
		if err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
			last = response.Status
		} else {
			last = err.Error()
		}
		select {
		case <-exited:
			return fmt.Errorf("the webhook ended, see its log in %s", p.logs)
		case <-limit:
			return fmt.Errorf("the webhook was not ready after %s, see its log in %s: %s", readyLimit, p.logs, last)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func freePort() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer func() { _ = listener.Close() }()
	return strconv.Itoa(listener.Addr().(*net.TCPAddr).Port), nil
}

func writeKubeconfig(path string, config *rest.Config) error {
	out := clientcmdapi.NewConfig()
	out.Clusters["suite"] = &clientcmdapi.Cluster{Server: config.Host, CertificateAuthorityData: config.CAData}
	out.AuthInfos["suite"] = &clientcmdapi.AuthInfo{ClientCertificateData: config.CertData, ClientKeyData: config.KeyData}
	out.Contexts["suite"] = &clientcmdapi.Context{Cluster: "suite", AuthInfo: "suite"}
	out.CurrentContext = "suite"
	return clientcmd.WriteToFile(*out, path)
}

// writeCertificate writes a self-signed certificate for loopback and its key, and returns the certificate in PEM.
func writeCertificate(certFile, keyFile string) ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(now.UnixNano()),
		Subject:               pkix.Name{CommonName: "webhook under the conformance suite"},
		NotBefore:             now.Add(-time.Minute),
		NotAfter:              now.Add(time.Hour),
		DNSNames:              []string{"localhost"},
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), 0o600); err != nil {
		return nil, err
	}
	certificatePEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate})
	return certificatePEM, os.WriteFile(certFile, certificatePEM, 0o600)
}
