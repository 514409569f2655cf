//! Full handshakes, each on a new connection, beside a loop that does nothing but shake hands.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::DigitallySignedStruct;
use rustls::Error;
use rustls::SignatureScheme;
use rustls::client::Resumption;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::client::danger::ServerCertVerified;
use rustls::client::danger::ServerCertVerifier;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::ServerName;
use rustls_pki_types::UnixTime;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::Bench;
use super::Outcome;
use super::client::Target;
use super::host::Host;
use super::load::Measured;
use super::machine;
use super::machine::Ticks;
use super::protocol::Ask;
use super::report;
use super::report::Report;
use super::report::Row;
use super::side::Round;
use super::sites::Sites;

/// Handshakes at a time.
const AT_ONCE: usize = 16;

/// The product and the loop, in turns.
pub(crate) fn measure(bench: &Bench, sites: &mut Sites, report: &mut Report) -> Outcome<()> {
    let host = &mut sites.small(bench)?.host;
    let loop_port = host.ask(&Ask::Handshakes)?;
    let (ceiling, subject) = (target(loop_port)?, target(host.ready.port)?);
    let number = Arc::new(AtomicUsize::new(0));
    let mut row = Row::new("handshake", AT_ONCE, false);
    for _ in 0..bench.plan.rounds {
        row.ceiling.add(round(bench, host, &ceiling, &number)?);
        row.subject.add(round(bench, host, &subject, &number)?);
    }
    report.rows_head("Full handshakes, P-256", &[])?;
    report.row(bench, &row, &[])?;
    let processor = row.ceiling.processor() / row.subject.processor().max(f64::EPSILON);
    report.judge("handshakes of a bare loop", row.ratio(), report::Target::AtLeast(0.85))?;
    let what = "the same by the server's processor time";
    report.judge(what, processor, report::Target::AtLeast(0.85))
}

/// The load checks nothing, so that it needs less of its processor than the server of its own.
fn target(port: u16) -> Outcome<Target> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Unchecked))
        .with_no_client_auth();
    tls.resumption = Resumption::disabled();
    Ok(Target::with(tls, port))
}

fn round(
    bench: &Bench,
    host: &mut Host,
    target: &Target,
    number: &Arc<AtomicUsize>,
) -> Outcome<Round> {
    bench.runtime.block_on(async {
        let (before, ticks) = (host.spent()?, Ticks::now()?);
        let (begun, own) = (Instant::now(), machine::process_time());
        let warm = begun + bench.plan.warm_up;
        let end = warm + bench.plan.measured;
        let mut shaking = JoinSet::new();
        for _ in 0..AT_ONCE {
            shaking.spawn(shake(target.clone(), Arc::clone(number), warm, end));
        }
        let (mut answers, mut latencies) = (0, Vec::new());
        while let Some(shaken) = shaking.join_next().await {
            let (count, mut more) = shaken?.map_err(|error| host.explain(&error))?;
            answers += count;
            latencies.append(&mut more);
        }
        latencies.sort_unstable();
        let rate = f64::from(u32::try_from(latencies.len())?) / bench.plan.measured.as_secs_f64();
        let (took, processor) = (begun.elapsed(), machine::process_time().saturating_sub(own));
        let busy = Ticks::now()?.busy_since(&ticks);
        let spent = host.spent()?.since(&before);
        let measured = Measured { answers, rate, latencies, took, processor };
        Ok(Round { measured, spent, busy })
    })
}

/// One after the other until the time is up.
async fn shake(
    target: Target,
    number: Arc<AtomicUsize>,
    warm: Instant,
    end: Instant,
) -> Outcome<(u64, Vec<Duration>)> {
    let (mut count, mut latencies) = (0, Vec::new());
    let mut begun = Instant::now();
    while begun < end {
        drop(target.connect(number.fetch_add(1, Ordering::Relaxed)).await?);
        let shaken = Instant::now();
        count += 1;
        if (warm..end).contains(&begun) {
            latencies.push(shaken - begun);
        }
        begun = shaken;
    }
    Ok((count, latencies))
}

/// Takes any certificate; the other parts of the suite check it.
#[derive(Debug)]
struct Unchecked;

impl ServerCertVerifier for Unchecked {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ECDSA_NISTP256_SHA256]
    }
}
