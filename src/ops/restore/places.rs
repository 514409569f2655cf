//! Companies, their firms, roles of their own and what they block, as far as the former file still had
//! them; invitations and links that were not used or withdrawn.

use crate::base::id::RawId;
use crate::domain::company::Company;
use crate::domain::company::Place;
use crate::domain::link::LinkPurpose;
use crate::domain::role::OwnRole;
use crate::domain::role::RoleName;
use crate::domain::webhook::Endpoint;
use crate::domain::webhook::EndpointStatus;
use crate::ops::restore::Settling;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables;
use crate::store::tables::Blocks;
use crate::store::tables::Companies;
use crate::store::tables::FirmCompanies;
use crate::store::tables::Invitations;
use crate::store::tables::Links;
use crate::store::tables::OwnRoles;
use crate::store::tables::Webhooks;

impl Settling<'_> {
    pub(super) fn places_as_in(&mut self, former: &Reader<'_>) -> Result<(), Fault> {
        for (_, company) in self.reader.all::<Companies>()? {
            let mut left = company.clone();
            if let Some(was) = former.get::<Companies>(&company.id)? {
                self.company_as(&mut left, &was);
            }
            left.blocks |= self.blocks_of(former, &company)?;
            if left != company {
                self.changes.put::<Companies>(&left.id, &left)?;
            }
        }
        for (key, role) in self.reader.all::<OwnRoles>()? {
            self.own_role_as_in(former, &key, role)?;
        }
        for (key, endpoint) in self.reader.all::<Webhooks>()? {
            let (Some(place), Some(id)) = (tables::place_of(&key), tables::last_id(&key)) else {
                continue;
            };
            match former.get::<Webhooks>(&(place, id))? {
                None => self.changes.delete::<Webhooks>(&(place, id)),
                Some(was) if was.status != EndpointStatus::Active => {
                    let left = Endpoint { status: was.status, ..endpoint };
                    self.changes.put::<Webhooks>(&(place, id), &left)?;
                }
                Some(was) => {
                    // Whether it works is as of now: days that are not in the backup count too.
                    let Endpoint { failing_since, delivered_at, .. } = was;
                    let left = Endpoint { failing_since, delivered_at, ..endpoint };
                    self.changes.put::<Webhooks>(&(place, id), &left)?;
                }
            }
        }
        Ok(())
    }

    fn company_as(&mut self, company: &mut Company, was: &Company) {
        if let Some(firm) = company.firm.filter(|firm| was.firm != Some(*firm)) {
            self.changes.delete::<FirmCompanies>(&(firm, company.id));
            company.firm = None;
        }
        company.confidential |= was.confidential;
        company.confided_to.retain(|member| was.confided_to.contains(member));
        company.suspended |= was.suspended;
    }

    /// What the company has blocked since.
    fn blocks_of(&mut self, former: &Reader<'_>, company: &Company) -> Result<bool, Fault> {
        let blocks = former.under::<Blocks>(&company.id)?;
        let any = !blocks.is_empty();
        for (_, block) in blocks {
            self.changes.put::<Blocks>(&(block.company, block.blocked), &block)?;
        }
        Ok(any)
    }

    fn own_role_as_in(
        &mut self,
        former: &Reader<'_>,
        key: &[u8],
        role: OwnRole,
    ) -> Result<(), Fault> {
        let Some((place, name)) = place_and_name(key) else { return Ok(()) };
        match former.get::<OwnRoles>(&(place, name.clone()))? {
            // Whoever held it then holds another role in the former file, or none.
            None => self.changes.delete::<OwnRoles>(&(place, name)),
            Some(was) => {
                let scopes = self.both(&role.scopes, &was.scopes);
                self.changes.put::<OwnRoles>(&(place, name), &OwnRole { scopes, ..role })?;
            }
        }
        Ok(())
    }

    pub(super) fn links_as_in(&mut self, former: &Reader<'_>) -> Result<(), Fault> {
        self.links_but(&|id| former.has::<Links>(id))
    }

    /// Withdraws every link that is not kept, with its invitation.
    pub(super) fn links_but(
        &mut self,
        kept: &dyn Fn(&RawId) -> Result<bool, Fault>,
    ) -> Result<(), Fault> {
        for (key, link) in self.reader.all::<Links>()? {
            let Some(id) = tables::last_id(&key) else { continue };
            if kept(&id)? {
                continue;
            }
            if let LinkPurpose::Join { place } = link.purpose {
                self.changes.delete::<Invitations>(&(place, id));
            }
            self.changes.delete::<Links>(&id);
            self.settled.links += 1;
        }
        Ok(())
    }
}

fn place_and_name(key: &[u8]) -> Option<(Place, RoleName)> {
    let place = tables::place_of(key)?;
    let name = key.get(tables::place_key(place).len()..)?;
    Some((place, RoleName(String::from_utf8(name.to_vec()).ok()?)))
}
