use super::*;
use crate::domain::role::OwnRole;
use crate::domain::role::RoleName;
use crate::domain::samples::NOW;
use crate::domain::samples::app;
use crate::domain::samples::catalogue;
use crate::domain::samples::company;
use crate::domain::samples::firm;
use crate::domain::samples::person;
use crate::domain::samples::raw;
use crate::domain::user::UserStatus;

fn named(role: &str) -> HeldRole {
    HeldRole::named(RoleName(role.to_owned()))
}

/// An app that the gate lets through at Acme, for an owner there.
fn facts() -> Facts {
    Facts {
        app: Arc::new(app()),
        person: Some(Arc::new(person(UserStatus::Active))),
        place: PlaceFacts::Company(Arc::new(company(2))),
        blocked: false,
        roles: vec![named("owner")],
        now: NOW,
    }
}

fn with_app(change: impl FnOnce(&mut App)) -> Facts {
    let mut facts = facts();
    change(Arc::make_mut(&mut facts.app));
    facts
}

fn passes(facts: &Facts, asked: &str) -> Result<String, GateRefusal> {
    pass(facts, &catalogue(), &ScopeSet::parse(asked)).map(|effective| effective.to_string())
}

fn refusal(facts: &Facts) -> GateRefusal {
    passes(facts, "customers:all").unwrap_err()
}

#[test]
fn lets_through_what_was_asked_for_with_all_that_it_includes() {
    assert_eq!(passes(&facts(), "customers:all").unwrap(), "customers:all customers:readonly");
    assert_eq!(passes(&facts(), "customers:readonly").unwrap(), "customers:readonly");
}

#[test]
fn refuses_an_app_that_is_not_active() {
    let (revoked, blocked, deleted) = (
        AppStatus::Revoked { at: NOW },
        AppStatus::Blocked { at: NOW },
        AppStatus::Deleted { at: NOW },
    );
    assert_eq!(refusal(&with_app(|app| app.status = revoked)), GateRefusal::AppRevoked);
    assert_eq!(refusal(&with_app(|app| app.status = blocked)), GateRefusal::AppRevoked);
    assert_eq!(refusal(&with_app(|app| app.status = deleted)), GateRefusal::AppDeleted);
}

#[test]
fn refuses_an_app_from_the_moment_at_which_it_expires() {
    let ends = |at: u64| with_app(|app| app.expires_at = Some(Timestamp::from_millis(at)));
    assert_eq!(refusal(&ends(999_999)), GateRefusal::AppExpired);
    assert_eq!(refusal(&ends(1_000_000)), GateRefusal::AppExpired);
    assert!(passes(&ends(1_000_001), "customers:all").is_ok());
}

#[test]
fn refuses_a_place_that_is_no_more_and_a_company_that_is_suspended() {
    let at = |place: PlaceFacts| Facts { place, ..facts() };
    assert_eq!(refusal(&at(PlaceFacts::Gone)), GateRefusal::PlaceGone);
    let suspended = Company { suspended: true, ..company(2) };
    let suspended = PlaceFacts::Company(Arc::new(suspended));
    assert_eq!(refusal(&at(suspended)), GateRefusal::CompanySuspended);
}

#[test]
fn refuses_what_the_company_blocks() {
    assert_eq!(refusal(&Facts { blocked: true, ..facts() }), GateRefusal::BlockedByCompany);
}

#[test]
fn refuses_an_app_of_the_other_environment_in_companies_and_in_firms() {
    let of = |environment| with_app(|app| app.environment = Some(environment));
    let in_firm = |facts| Facts { place: PlaceFacts::Firm(Arc::new(firm(4))), ..facts };
    for place in [|facts| facts, in_firm] {
        let wrong = place(of(Environment::Test));
        assert_eq!(refusal(&wrong), GateRefusal::WrongEnvironment);
        assert!(passes(&place(of(Environment::Production)), "customers:all").is_ok());
    }
}

#[test]
fn an_app_of_one_place_serves_no_other() {
    let of = |place| with_app(|app| app.place = Some(place));
    let (acme, other) = (company(2), company(5));
    assert!(passes(&of(Place::Company(acme.id)), "customers:all").is_ok());
    assert_eq!(refusal(&of(Place::Company(other.id))), GateRefusal::ServesElsewhere);
    // Nor does a company's app serve the firm that looks after it.
    let at_firm =
        Facts { place: PlaceFacts::Firm(Arc::new(firm(4))), ..of(Place::Company(acme.id)) };
    assert_eq!(refusal(&at_firm), GateRefusal::ServesElsewhere);
}

#[test]
fn an_app_of_a_firm_serves_it_and_its_companies_alone() {
    let (own, other) = (firm(4), firm(6));
    let app = with_app(|app| app.place = Some(Place::Firm(own.id)));
    let at = |place: PlaceFacts| Facts { place, ..app.clone() };
    let looked_after_by = |firm: Option<&Firm>| {
        let firm = firm.map(|firm| firm.id);
        at(PlaceFacts::Company(Arc::new(Company { firm, ..company(2) })))
    };
    assert!(passes(&looked_after_by(Some(&own)), "customers:all").is_ok());
    assert_eq!(refusal(&looked_after_by(Some(&other))), GateRefusal::ServesElsewhere);
    assert_eq!(refusal(&looked_after_by(None)), GateRefusal::ServesElsewhere);
    assert_eq!(refusal(&at(PlaceFacts::Firm(Arc::new(other)))), GateRefusal::ServesElsewhere);
    assert!(passes(&at(PlaceFacts::Firm(Arc::new(own))), "customers:all").is_ok());
}

#[test]
fn refuses_without_somebody_whose_permissions_bound_it() {
    assert_eq!(refusal(&Facts { person: None, ..facts() }), GateRefusal::NoDelegator);
    let disabled = Some(Arc::new(person(UserStatus::Disabled)));
    assert_eq!(refusal(&Facts { person: disabled, ..facts() }), GateRefusal::PersonDisabled);
}

#[test]
fn lets_through_no_more_than_the_roles_allow_taken_together() {
    let held =
        |roles: &[&str]| Facts { roles: roles.iter().map(|role| named(role)).collect(), ..facts() };
    let asked = "customers:all books:readonly";
    assert_eq!(refusal(&held(&[])), GateRefusal::NoRole);
    assert_eq!(passes(&held(&["reader"]), asked).unwrap(), "customers:readonly");
    let both = passes(&held(&["reader", "bookkeeper"]), asked).unwrap();
    assert_eq!(both, "books:readonly customers:readonly");
    assert_eq!(refusal(&held(&["bookkeeper"])), GateRefusal::NothingAllowed);
    assert_eq!(refusal(&held(&["a role that is no more"])), GateRefusal::NothingAllowed);
}

#[test]
fn a_role_of_ones_own_allows_what_it_says_and_what_that_includes() {
    let own =
        OwnRole { title: String::new(), scopes: ScopeSet::parse("customers:all"), made_at: NOW };
    let held = HeldRole { name: RoleName::own(raw(9)), own: Some(Arc::new(own)) };
    let facts = Facts { roles: vec![held], ..facts() };
    let effective = passes(&facts, "customers:readonly books:readonly").unwrap();
    assert_eq!(effective, "customers:readonly");
    assert_eq!(passes(&facts, "books:readonly").unwrap_err(), GateRefusal::NothingAllowed);
}

#[test]
fn lets_through_no_more_than_the_app_is_delegated() {
    let only = |scopes: &str| {
        let scopes = ScopeSet::parse(scopes);
        with_app(|app| app.delegation = Delegation::Only(scopes))
    };
    let asked = "customers:all books:readonly";
    let effective = passes(&only("customers:all"), asked).unwrap();
    assert_eq!(effective, "customers:all customers:readonly");
    assert_eq!(passes(&only("customers:readonly"), asked).unwrap(), "customers:readonly");
    assert_eq!(refusal(&only("books:readonly")), GateRefusal::NothingAllowed);
    assert_eq!(refusal(&only("")), GateRefusal::NothingAllowed);
}

#[test]
fn lets_nothing_through_where_nothing_known_was_asked_for() {
    for asked in ["", "offline_access", "gone:all"] {
        assert_eq!(passes(&facts(), asked).unwrap_err(), GateRefusal::NothingAllowed, "{asked}");
    }
}
