//! `countersign app rotate`, `revoke`, `delete`, `restore`, `review` and `take-over`.

use clap::Subcommand;

use crate::cli::app;
use crate::cli::error::CliError;
use crate::cli::session::Session;
use crate::cli::values::OverlapArg;

#[derive(Debug, Subcommand)]
pub(super) enum Act {
    /// Make a new secret, shown once; the former one stops at once or after the overlap
    #[command(after_help = "\
Examples:
  countersign app rotate cs_app_0…
  countersign app rotate cs_app_0… --overlap day")]
    Rotate {
        /// Its client id
        client_id: String,
        /// How long the former secret works on
        #[arg(long, value_enum, default_value_t = OverlapArg::None)]
        overlap: OverlapArg,
    },
    /// Stop an app at once; its secrets, tokens and connections never work again
    #[command(after_help = "Example:\n  countersign app revoke cs_app_0…")]
    Revoke {
        /// Its client id
        client_id: String,
    },
    /// Stop an app at once and take it from the lists; it can be restored for 90 days
    #[command(after_help = "Example:\n  countersign app delete cs_app_0…")]
    Delete {
        /// Its client id
        client_id: String,
    },
    /// Bring back a revoked or deleted app; its new secret is shown once, what ended stays ended
    #[command(after_help = "Example:\n  countersign app restore cs_app_0…")]
    Restore {
        /// Its client id
        client_id: String,
    },
    /// Say that somebody looked whether the app is still needed; the next review is an interval away
    #[command(after_help = "Example:\n  countersign app review cs_app_0…")]
    Review {
        /// Its client id
        client_id: String,
    },
    /// Let somebody else's permissions bound API credentials or an API token from now on
    #[command(after_help = "Example:\n  countersign app take-over cs_app_0… --as ann@acme.example")]
    TakeOver {
        /// Its client id
        client_id: String,
        /// Who holds every permission of it: e-mail address or id
        #[arg(long = "as", value_name = "USER")]
        successor: String,
    },
}

/// What is done to an app that is there.
pub(super) fn run(session: &Session, act: Act) -> Result<(), CliError> {
    let (ops, by) = (&session.ops, session.origin);
    let id = |client_id: &str| ops.find_app(client_id).map(|app| app.id);
    let app = match act {
        Act::Rotate { client_id, overlap } => {
            let rotated = ops.rotate_secret(id(&client_id)?, overlap.into(), by);
            return app::with_secret(session, session.wait(rotated)?);
        }
        Act::Restore { client_id } => {
            let restored = ops.restore_app(id(&client_id)?, by);
            return app::with_secret(session, session.wait(restored)?);
        }
        Act::Revoke { client_id } => session.wait(ops.revoke_app(id(&client_id)?, by))?,
        Act::Delete { client_id } => session.wait(ops.delete_app(id(&client_id)?, by))?,
        Act::Review { client_id } => session.wait(ops.review_app(id(&client_id)?, by))?,
        Act::TakeOver { client_id, successor } => {
            let to = ops.find_user(&successor)?.id;
            session.wait(ops.hand_over_app(id(&client_id)?, to, by))?
        }
    };
    session.out.show(&app::row(session, app)?)
}
