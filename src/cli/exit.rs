//! How a command ended, for the shell.

use std::process::ExitCode;

/// How a command ended. The numbers of failures that are not the input's are those of `sysexits.h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It did what was asked.
    Done,
    /// The input (a document, an envelope) was refused.
    Refused,
    /// The command line or the configuration is wrong.
    Usage,
    /// Something the command depends on is not there: the gateway, the journal, a file.
    Unavailable,
    /// The program is wrong.
    Bug,
}

impl Exit {
    /// The exit status.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Refused => 1,
            Self::Usage => 64,
            Self::Unavailable => 69,
            Self::Bug => 70,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}
