//! How the root is trusted, for each kind of machine.

use crate::cli::rows::certificate::TrustRow;

/// Steps that can be copied.
pub(super) fn told(row: &TrustRow) -> String {
    let (file, url, print) = (&row.file, &row.url, &row.fingerprint);
    format!(
        "\
The private CA of this server is in {file}.
It is also at {url}, but who fetches it there must compare the fingerprint:

  SHA-256 {print}
  openssl x509 -in ca.pem -noout -fingerprint -sha256

Copy the file to the machine that is to trust it, as ca.pem. Its key stays here. Then:

Debian, Ubuntu
  sudo cp ca.pem /usr/local/share/ca-certificates/countersign.crt
  sudo update-ca-certificates

Fedora, Red Hat
  sudo cp ca.pem /etc/pki/ca-trust/source/anchors/countersign.pem
  sudo update-ca-trust

macOS
  sudo security add-trusted-cert -d -r trustRoot \\
    -k /Library/Keychains/System.keychain ca.pem

Windows, as administrator
  certutil -addstore -f Root ca.pem

Browsers: Chrome, Edge and Safari use what the machine trusts. Firefox does on Windows and macOS; elsewhere
  Settings > Privacy & Security > Certificates > View Certificates > Authorities > Import.

Programs with a list of their own
  Node.js  NODE_EXTRA_CA_CERTS=/path/to/ca.pem
  Python   SSL_CERT_FILE=/path/to/ca.pem or REQUESTS_CA_BUNDLE=/path/to/ca.pem
  curl     --cacert ca.pem
"
    )
}
