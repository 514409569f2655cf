//! `[[permissions]]` and `[[roles]]`.

use super::given;
use crate::config::Settings;
use crate::domain::role::RoleName;
use crate::domain::scope::ScopeSet;

const ORDERS: &str = r#"
[[permissions]]
name = "orders:readonly"
title = "Read orders"
area = "Sales"
access = "read"

[[permissions]]
name = "orders:all"
title = "Change orders"
area = "Sales"
access = "write"
includes = ["orders:readonly"]
"#;

fn allowed(settings: &Settings, role: &str) -> String {
    let catalogue = &settings.catalogue;
    catalogue.maximal(&catalogue.role_allows(&RoleName(role.to_owned()))).to_string()
}

#[test]
fn the_default_catalogue_knows_reading_and_writing_apart() {
    let settings = given().loaded().settings;
    let all = settings.catalogue.closure(&ScopeSet::parse("customer_invoices:all"));
    assert_eq!(all.to_string(), "customer_invoices:all customer_invoices:readonly");
    assert_eq!(settings.catalogue.permissions().len(), 13);
    let everything = "companies:readonly customer_invoices:all customers:all exports:fec \
                      ledger_entries:all products:all supplier_invoices:all trial_balance:readonly";
    for role in ["owner", "admin", "accountant"] {
        assert_eq!(allowed(&settings, role), everything, "{role}");
    }
    assert!(allowed(&settings, "viewer").split(' ').all(|scope| scope.ends_with(":readonly")));
    let administers: Vec<_> = settings.catalogue.roles().filter(|role| role.administers).collect();
    assert_eq!(administers.len(), 2);
}

#[test]
fn permissions_in_the_file_replace_the_default_ones_and_the_default_roles_follow() {
    let settings = given().file(ORDERS).loaded().settings;
    assert_eq!(settings.catalogue.permissions().len(), 2);
    assert_eq!(allowed(&settings, "owner"), "orders:all");
    assert_eq!(allowed(&settings, "accountant"), "orders:readonly");
    assert_eq!(allowed(&settings, "viewer"), "orders:readonly");
}

#[test]
fn roles_in_the_file_replace_the_default_ones() {
    let roles = "[[roles]]\nname = \"owner\"\ntitle = \"Owner\"\npermissions = [\"*\"]\n\
                 administers = true\n";
    let settings = given().file(roles).loaded().settings;
    assert_eq!(settings.catalogue.roles().count(), 1);
    assert_eq!(settings.catalogue.permissions().len(), 13);
}

#[test]
fn a_role_of_ones_own_may_not_name_what_does_not_exist() {
    let roles = "[[roles]]\nname = \"buyer\"\ntitle = \"Buyer\"\npermissions = [\"orders:al\"]\n";
    assert_eq!(
        given().file(&format!("{ORDERS}{roles}")).faults(),
        [
            "roles[0].permissions: the role \"buyer\" names \"orders:al\", which is no permission; \
             did you mean \"orders:all\"? (from config.toml:17)",
            "roles: there is no role named \"owner\"; the first user of a company gets it; \
             add one with permissions = [\"*\"] and administers = true (from config.toml:14)",
        ]
    );
}

#[test]
fn faults_inside_the_lists_name_the_table_the_field_and_the_line() {
    let text = r#"
[[permissions]]
name = "Orders"
tilte = "Read orders"
area = "Sales"
access = "full"
includes = "x"

[[roles]]
name = "owner"
title = "Owner"
permissions = []
"#;
    assert_eq!(
        given().file(text).faults(),
        [
            "permissions[0].tilte: there is no such key; did you mean title? (from config.toml:4)",
            "permissions[0].name: \"Orders\" is no scope: a scope is 1 to 100 characters of a-z, \
             0-9, '_', '-', ':' and '.'; write it like orders:readonly (from config.toml:3)",
            "permissions[0].title: it is missing; add it (from config.toml:2)",
            "permissions[0].access: \"full\" is no choice here; write \"read\" or \"write\" \
             (from config.toml:6)",
            "permissions[0].includes: \"x\" is not a list; write [\"x\"] (from config.toml:7)",
            "roles[0].permissions: the list is empty; give at least one (from config.toml:12)",
            "roles[0].administers: the role \"owner\" must administer: it is the first user's; \
             write administers = true (from config.toml:9)",
        ]
    );
}

#[test]
fn permissions_that_contradict_each_other_are_refused_where_they_stand() {
    let text = format!(
        "{ORDERS}\n[[permissions]]\nname = \"orders:all\"\ntitle = \"Twice\"\narea = \"Sales\"\n\
         access = \"write\"\nincludes = [\"order:readonly\"]\n"
    );
    assert_eq!(
        given().file(&text).faults(),
        [
            "permissions[2].name: the permission \"orders:all\" is defined twice; keep one \
             (from config.toml:16)",
            "permissions[2].includes: the permission \"orders:all\" includes \"order:readonly\", \
             which does not exist; did you mean \"orders:readonly\"? (from config.toml:20)",
        ]
    );
}

#[test]
fn the_lists_are_lists_of_tables_and_not_empty() {
    assert_eq!(
        given().file("permissions = []\nroles = \"owner\"\n").faults(),
        [
            "permissions: the list is empty; give at least one or leave it out \
             (from config.toml:1)",
            "roles: \"owner\" is not a list of tables; write [[roles]] for each \
             (from config.toml:2)",
        ]
    );
    assert_eq!(
        given().file("roles = [3]\n").faults(),
        ["roles[0]: 3 is not a table; write a table (from config.toml:1)"]
    );
}

#[test]
fn the_lists_cannot_be_given_in_the_environment() {
    assert_eq!(
        given().variable("COUNTERSIGN__ROLES", "owner").faults(),
        ["roles: it can only be given in the file; write [[roles]] there \
          (from COUNTERSIGN__ROLES)"]
    );
}
