// Command lego gets one certificate with lego's ACME client and lego's "httpreq" DNS provider, both unchanged and
// with lego's own defaults.
//
// The CA's TLS root is read from LEGO_CA_CERTIFICATES and the address of the DNS provider from HTTPREQ_ENDPOINT, as
// in lego itself.
package main

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-acme/lego/v5/acme"
	"github.com/go-acme/lego/v5/certcrypto"
	"github.com/go-acme/lego/v5/certificate"
	"github.com/go-acme/lego/v5/challenge/dns01"
	"github.com/go-acme/lego/v5/lego"
	"github.com/go-acme/lego/v5/providers/dns/httpreq"
	"github.com/go-acme/lego/v5/registration"
)

type account struct {
	email    string
	key      crypto.Signer
	resource *acme.ExtendedAccount
}

func (a *account) GetEmail() string                       { return a.email }
func (a *account) GetRegistration() *acme.ExtendedAccount { return a.resource }
func (a *account) GetPrivateKey() crypto.Signer           { return a.key }

func main() {
	server := flag.String("server", "", "URL of the CA's directory")
	domains := flag.String("domains", "", "names, separated by commas")
	email := flag.String("email", "", "contact of the account")
	resolver := flag.String("resolver", "", "HOST:PORT of the name server that is asked whether the records are visible")
	out := flag.String("out", ".", "directory for fullchain.pem and privkey.pem")
	kid := flag.String("eab-kid", "", "key id of the external account binding")
	hmac := flag.String("eab-hmac", "", "key of the external account binding, base64url")
	flag.Parse()

	if err := obtain(*server, strings.Split(*domains, ","), *email, *resolver, *kid, *hmac, *out); err != nil {
		fmt.Fprintln(os.Stderr, "lego:", err)
		os.Exit(1)
	}
}

func obtain(server string, domains []string, email, resolver, kid, hmac, out string) error {
	ctx := context.Background()

	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	user := &account{email: email, key: key}

	config := lego.NewConfig(user)
	config.CADirURL = server
	client, err := lego.NewClient(config)
	if err != nil {
		return err
	}

	provider, err := httpreq.NewDNSProvider()
	if err != nil {
		return err
	}
	dns01.SetDefaultClient(dns01.NewClient(&dns01.Options{RecursiveNameservers: []string{resolver}}))
	// lego asks authoritative servers at port 53 only, and these listen elsewhere.
	err = client.Challenge.SetDNS01Provider(provider, dns01.DisableAuthoritativeNssPropagationRequirement())
	if err != nil {
		return err
	}

	if kid == "" {
		user.resource, err = client.Registration.Register(ctx, registration.RegisterOptions{TermsOfServiceAgreed: true})
	} else {
		user.resource, err = client.Registration.RegisterWithExternalAccountBinding(ctx, registration.RegisterEABOptions{
			TermsOfServiceAgreed: true, Kid: kid, HmacEncoded: hmac,
		})
	}
	if err != nil {
		return fmt.Errorf("register: %w", err)
	}

	issued, err := client.Certificate.Obtain(ctx, certificate.ObtainRequest{
		Domains: domains, KeyType: certcrypto.EC256, Bundle: true,
	})
	if err != nil {
		return fmt.Errorf("obtain: %w", err)
	}
	if err := os.WriteFile(filepath.Join(out, "privkey.pem"), issued.PrivateKey, 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(out, "fullchain.pem"), issued.Certificate, 0o600)
}
