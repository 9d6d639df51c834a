//! A cert-manager DNS01 webhook for DNSPod (`solverName: dnspod`).
