//! Who calls, as the kernel says, and whether they may.

use std::fs;

use crate::domain::system_user::SystemUser;

/// What the kernel calls every user that the server's user namespace does not know. In a unit with
/// `PrivateUsers=` it knows root and the server's own user.
const UNKNOWN: u32 = 65_534;

/// Only root and the user that the server runs as: both can read its files anyway. Where the server
/// itself has no other number than all whom nobody knows, root alone.
#[must_use]
pub const fn may_call(caller: u32, server: u32) -> bool {
    caller == 0 || (caller == server && caller != UNKNOWN)
}

/// The user of this process.
#[must_use]
pub fn own() -> SystemUser {
    user(rustix::process::geteuid().as_raw())
}

/// The user with this number. Names are read from `/etc/passwd` alone: no name service is asked.
#[must_use]
pub fn user(uid: u32) -> SystemUser {
    let names = fs::read_to_string("/etc/passwd").unwrap_or_default();
    SystemUser::new(uid, name_of(uid, &names))
}

fn name_of(uid: u32, passwd: &str) -> Option<&str> {
    let uid = uid.to_string();
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == uid).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_but_root_and_the_servers_own_user_may_call() {
        assert!(may_call(0, 997));
        assert!(may_call(997, 997));
        assert!(!may_call(1000, 997));
        assert!(!may_call(997, 0));
    }

    #[test]
    fn whoever_the_kernel_cannot_name_is_not_the_server() {
        assert!(!may_call(65_534, 65_534));
        assert!(may_call(0, 65_534));
    }

    #[test]
    fn a_users_name_is_read_from_the_list_of_users() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n";
        assert_eq!(name_of(1000, passwd), Some("ann"));
        assert_eq!(name_of(1001, passwd), None);
    }
}
