//! `certctl completions` and `certctl man`: made from the command line's definition.

use clap_complete::Shell;

use crate::args;
use crate::report::Report;
use crate::stdout;

/// Prints the completions for `shell`.
pub(crate) fn completions(shell: Shell) -> Result<(), Report> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut args::command(), "certctl", &mut script);
    stdout::write(&String::from_utf8_lossy(&script))
}

/// Prints the manual page of certctl, or of one of its commands.
pub(crate) fn manual_page(command: Option<&str>) -> Result<(), Report> {
    let mut certctl = args::command();
    certctl.build();
    let page = match command {
        None => certctl,
        Some(name) => {
            let found = certctl.find_subcommand(name).cloned();
            found.ok_or_else(|| {
                let commands: Vec<&str> =
                    certctl.get_subcommands().map(clap::Command::get_name).collect();
                Report::usage(
                    format_args!("there is no command {name:?}"),
                    format!("the commands are {}", commands.join(", ")),
                )
            })?
        }
    };
    let mut roff = Vec::new();
    clap_mangen::Man::new(page)
        .render(&mut roff)
        .map_err(|error| Report::internal(format_args!("cannot write the manual page: {error}")))?;
    stdout::write(&String::from_utf8_lossy(&roff))
}
