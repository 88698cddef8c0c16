//! The JSON members of a complex type, and whether its content can be carried to JSON and back.
//!
//! JSON keeps for each name the list of its values, and loses how different names alternate. That is no loss where
//! the names have one order: where no document of the type has `a` before `b` and none has `b` before `a`, in one
//! chain or across several. Then sorting the members by that order gives the content back. `xs:all` leaves the order
//! free, so any order gives it back.

use crate::schema::load_error::LoadErrorKind;
use crate::schema::member_name;
use crate::schema::model::Model;
use crate::schema::plan::{Attribute, Member, MemberId, MemberKind, NamespaceId};

/// The members of a type, and what stands in the way of translating it.
pub(super) struct Members {
    pub(super) members: Vec<Member>,
    /// The member of each position of the model.
    pub(super) of_positions: Vec<MemberId>,
    pub(super) value_member: MemberId,
    pub(super) errors: Vec<LoadErrorKind>,
    pub(super) obstacles: Vec<LoadErrorKind>,
}

/// Which names can stand before which.
struct Precedence {
    /// `before[a]` holds the names that can come after `a`.
    before: Vec<Vec<bool>>,
}

/// Lays out the members of a type with these attributes and this content.
pub(super) fn lay_out(attributes: &[Attribute], model: Option<&Model>, text: bool) -> Members {
    let mut out = Members {
        members: Vec::new(),
        of_positions: Vec::new(),
        value_member: 0,
        errors: Vec::new(),
        obstacles: Vec::new(),
    };
    for (index, attribute) in attributes.iter().enumerate() {
        let kind = MemberKind::Attribute(u16::try_from(index).unwrap_or(u16::MAX));
        out.push(&attribute.local, kind, attribute.namespace, false);
    }
    if text && !attributes.is_empty() {
        out.value_member = out.next_id();
        out.push_named(member_name::VALUE, MemberKind::Value, 0, "", false);
    }
    if let Some(model) = model {
        out.children(model);
    }
    for (index, one) in out.members.iter().enumerate() {
        if let Some(other) = out.members.iter().skip(index + 1).find(|other| other.name == one.name) {
            let member = one.name.to_string();
            out.errors.push(LoadErrorKind::SameMember { member, other: other.local.to_string() });
        }
    }
    out
}

impl Members {
    fn next_id(&self) -> MemberId {
        u16::try_from(self.members.len()).unwrap_or(u16::MAX)
    }

    fn push(&mut self, local: &str, kind: MemberKind, namespace: NamespaceId, repeated: bool) {
        self.push_named(&member_name::of(local), kind, namespace, local, repeated);
    }

    fn push_named(
        &mut self,
        name: &str,
        kind: MemberKind,
        namespace: NamespaceId,
        local: &str,
        repeated: bool,
    ) {
        let key = format!("{}:", serde_json::Value::from(name)).into_bytes();
        let (name, local, key) = (name.into(), local.into(), key.into());
        self.members.push(Member { name, key, repeated, kind, namespace, local });
    }

    fn children(&mut self, model: &Model) {
        let positions = model.positions.all();
        // Distinct names in order of first appearance, and the name of each position.
        let mut names: Vec<(NamespaceId, &str)> = Vec::new();
        let mut name_of: Vec<Option<usize>> = Vec::new();
        for position in positions {
            if position.wildcard.is_some() {
                self.obstacles.push(LoadErrorKind::NotInvertible("xs:any"));
                name_of.push(None);
                continue;
            }
            let name = (position.namespace, &*position.local);
            let known = names.iter().position(|n| *n == name);
            name_of.push(Some(known.unwrap_or(names.len())));
            if known.is_none() {
                names.push(name);
            }
        }
        let precedence = Precedence::of(model, &name_of, names.len());
        let order = precedence.order().unwrap_or_else(|| {
            self.obstacles.push(LoadErrorKind::NotInvertible("elements that repeat in alternation"));
            (0..names.len()).collect()
        });
        let mut ids: Vec<MemberId> = vec![0; names.len()];
        for name in order {
            let Some((namespace, local)) = names.get(name) else { continue };
            if let Some(id) = ids.get_mut(name) {
                *id = self.next_id();
            }
            self.push(local, MemberKind::Child, *namespace, precedence.can_follow(name, name));
        }
        let id_of = |name: &Option<usize>| name.and_then(|n| ids.get(n)).copied().unwrap_or(MemberId::MAX);
        self.of_positions = name_of.iter().map(id_of).collect();
    }
}

impl Precedence {
    fn of(model: &Model, name_of: &[Option<usize>], names: usize) -> Self {
        let mut before = vec![vec![false; names]; names];
        if model.all {
            return Self { before };
        }
        for (position, name) in name_of.iter().enumerate() {
            let Some(row) = name.and_then(|n| before.get_mut(n)) else { continue };
            for reached in reachable(model, position) {
                if let Some(cell) = name_of.get(reached).copied().flatten().and_then(|n| row.get_mut(n)) {
                    *cell = true;
                }
            }
        }
        Self { before }
    }

    fn can_follow(&self, first: usize, second: usize) -> bool {
        self.before.get(first).and_then(|row| row.get(second)).copied().unwrap_or_default()
    }

    /// The names in an order that every document keeps, the first to appear in the schema first; `None` where there
    /// is no such order.
    fn order(&self) -> Option<Vec<usize>> {
        let count = self.before.len();
        let mut left: Vec<usize> = (0..count).collect();
        let mut order = Vec::with_capacity(count);
        while !left.is_empty() {
            let free =
                |name: &usize| left.iter().all(|other| other == name || !self.can_follow(*other, *name));
            let next = left.iter().position(free)?;
            order.push(left.remove(next));
        }
        Some(order)
    }
}

/// The positions that can come after a position, at any distance.
fn reachable(model: &Model, position: usize) -> Vec<usize> {
    let mut seen = vec![false; model.positions.all().len()];
    let mut queue = vec![position];
    let mut found = Vec::new();
    while let Some(at) = queue.pop() {
        let state = model.states.at(crate::schema::table::index(at + 1));
        for edge in model.edges.span(state.edges) {
            let next = edge.position as usize;
            if let Some(flag) = seen.get_mut(next).filter(|flag| !**flag) {
                *flag = true;
                found.push(next);
                queue.push(next);
            }
        }
    }
    found
}
