//! `countersign webhook`.

use clap::Subcommand;

use crate::base::id::RawId;
use crate::cli::args::Noun;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::names::Names;
use crate::cli::rows::webhook::AttemptRow;
use crate::cli::rows::webhook::NewWebhookRow;
use crate::cli::rows::webhook::WebhookRow;
use crate::cli::session::Session;
use crate::cli::values::PlaceArgs;
use crate::domain::webhook::Topic;
use crate::ops::webhooks::manage::NewEndpoint;

#[derive(Debug, Subcommand)]
pub(super) enum Act {
    /// List the webhooks of a company or firm, or all
    #[command(after_help = "Example:\n  countersign webhook list --company acme --json")]
    List {
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Show one webhook
    #[command(after_help = "Example:\n  countersign webhook show 0…")]
    Show {
        /// Its id
        id: RawId,
    },
    /// Make one; its secret is shown once
    #[command(after_help = "\
Examples:
  countersign webhook create --company acme --url https://hooks.acme.example/countersign
  countersign webhook create --company acme --url https://siem.acme.example/in --event connection.created --event connection.revoked")]
    Create {
        #[command(flatten)]
        place: PlaceArgs,
        /// Where messages are posted to: https
        #[arg(long)]
        url: String,
        /// What it is told; may be repeated; everything, if not given
        #[arg(long, value_name = "EVENT", value_parser = topic)]
        event: Vec<Topic>,
        /// What it is for
        #[arg(long, default_value = "")]
        note: String,
    },
    /// Put a test message into its outbox, which the running server sends
    #[command(after_help = "Example:\n  countersign webhook test 0…")]
    Test {
        /// Its id
        id: RawId,
    },
    /// List the last hundred attempts to deliver, the newest first
    #[command(after_help = "Example:\n  countersign webhook deliveries 0… --json")]
    Deliveries {
        /// Its id
        id: RawId,
    },
    /// Send to one again that was disabled
    #[command(after_help = "Example:\n  countersign webhook enable 0…")]
    Enable {
        /// Its id
        id: RawId,
    },
    /// Send at once what waits for its next attempt
    #[command(after_help = "Example:\n  countersign webhook retry 0…")]
    Retry {
        /// Its id
        id: RawId,
    },
    /// Give one a new secret, shown once; for a day messages are signed with both
    #[command(after_help = "Example:\n  countersign webhook rotate 0…")]
    Rotate {
        /// Its id
        id: RawId,
    },
    /// Delete one, with what waits for it and its log
    #[command(after_help = "Example:\n  countersign webhook delete 0…")]
    Delete {
        /// Its id
        id: RawId,
    },
}

fn topic(text: &str) -> Result<Topic, String> {
    let words = || Topic::ALL.map(Topic::word).join(", ");
    Topic::of_word(text).ok_or_else(|| format!("write one of {}", words()))
}

pub(super) fn run(noun: Noun<Act>, context: &Context) -> Result<(), CliError> {
    let session = Session::existing(context, &noun.shared)?;
    let ops = &session.ops;
    match noun.act {
        Act::List { place } => {
            let listed = ops.webhooks(session.place(&place)?)?;
            let names = Names::of(ops)?;
            let rows: Vec<_> = listed.iter().map(|one| WebhookRow::of(one, &names)).collect();
            session.out.list(&rows)
        }
        Act::Show { id } => show(&session, id),
        Act::Create { place, url, event, note } => {
            let place = session.named_place(&place)?;
            let new = NewEndpoint { place, url, topics: event, note };
            let made = session.wait(ops.create_webhook(new, session.origin))?;
            let row = NewWebhookRow::of(&made, &Names::of(ops)?);
            session.out.answer(&row, || row.told())
        }
        Act::Test { id } => {
            session.wait(ops.test_webhook(id, session.origin))?;
            show(&session, id)
        }
        Act::Deliveries { id } => {
            ops.find_webhook(id)?;
            let rows: Vec<_> = ops.webhook_log(id)?.iter().map(AttemptRow::of).collect();
            session.out.list(&rows)
        }
        Act::Enable { id } => {
            session.wait(ops.enable_webhook(id, session.origin))?;
            show(&session, id)
        }
        Act::Retry { id } => {
            session.wait(ops.retry_webhook(id, session.origin))?;
            show(&session, id)
        }
        Act::Rotate { id } => {
            let made = session.wait(ops.rotate_webhook(id, session.origin))?;
            let row = NewWebhookRow::of(&made, &Names::of(ops)?);
            session.out.answer(&row, || row.told())
        }
        Act::Delete { id } => {
            let listed = ops.find_webhook(id)?;
            session.wait(ops.delete_webhook(id, session.origin))?;
            session.out.show(&WebhookRow::of(&listed, &Names::of(ops)?))
        }
    }
}

fn show(session: &Session, id: RawId) -> Result<(), CliError> {
    let listed = session.ops.find_webhook(id)?;
    session.out.show(&WebhookRow::of(&listed, &Names::of(&session.ops)?))
}
