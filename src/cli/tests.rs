//! What the command line as a whole promises.

use clap::Command;
use clap::CommandFactory as _;

use crate::cli::args::Cli;

fn each(command: &Command, path: &str, visit: &mut dyn FnMut(&str, &Command)) {
    let path = format!("{path} {}", command.get_name());
    visit(&path, command);
    command.get_subcommands().for_each(|inner| each(inner, &path, visit));
}

#[test]
fn the_command_line_is_well_formed() {
    Cli::command().debug_assert();
}

#[test]
fn the_help_of_every_command_has_an_example() {
    each(&Cli::command(), "", &mut |path, command| {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        assert!(help.contains("Example"), "{path}");
        assert!(command.get_about().is_some(), "{path}");
    });
}
