//! The last step: every component compiled, whether a root reaches it or not, and the plan laid out.

use std::rc::Rc;

use super::complex::{DefinedContent, Definition};
use super::{Compiler, Site, Space, XSD, automaton, builtin, members};
use crate::schema::load_error::{LoadError, LoadErrorKind};
use crate::schema::member_name;
use crate::schema::model::Model;
use crate::schema::plan::{
    ANY_TYPE, AttributeGlobal, Complex, ComplexId, Constraint, Content, ElementId, MemberKind, NamespaceId,
    Plan, TypeId,
};
use crate::schema::simple::SimpleId;
use crate::schema::table::{Table, index};
use crate::xml::XML_NAMESPACE;

impl<'s> Compiler<'s, '_> {
    pub(super) fn finish(&mut self, target: &str) -> Plan {
        let mut plan = Plan::default();
        self.compile_globals(&mut plan);
        // The list grows while it is walked: a definition brings in the types of its elements.
        let mut next: usize = 0;
        while next < self.definitions.len() {
            self.definition(index(next));
            next += 1;
        }
        self.check_elements();
        self.find_names();
        self.resolve_references();
        let mut complexes: Vec<Complex> = Vec::with_capacity(self.definitions.len());
        for id in 0..index(self.definitions.len()) {
            let complex = self.definition(id).map(|d| self.lay_out(id, &d)).unwrap_or_default();
            complexes.push(complex);
        }
        self.check_nil(&complexes);
        self.name_tags(target, &mut plan, &mut complexes);
        for found in builtin::all() {
            if let Some(id) = self.builtin_known(found.name) {
                let namespace = self.namespace(XSD);
                plan.global_types.insert((namespace, found.name.into()), TypeId::Simple(id));
            }
        }
        let namespace = self.namespace(XSD);
        plan.global_types.insert((namespace, "anyType".into()), TypeId::Complex(ANY_TYPE));
        plan.global_types.insert((namespace, "anySimpleType".into()), TypeId::Simple(0));
        plan.namespaces = std::mem::take(&mut self.namespaces);
        plan.prefixes.resize(plan.namespaces.len(), "".into());
        let identities = std::mem::take(&mut self.identities);
        plan.identities = Table::new(identities.into_iter().map(|(identity, _)| identity).collect());
        plan.elements = Table::new(std::mem::take(&mut self.elements));
        plan.simples = Table::new(std::mem::take(&mut self.simples));
        plan.complexes = Table::new(complexes);
        plan
    }

    fn compile_globals(&mut self, plan: &mut Plan) {
        let mut globals: Vec<((Space, String, String), Site<'s>)> =
            self.globals.iter().map(|(name, site)| (name.clone(), *site)).collect();
        // In order of file and line, so that errors and numbers do not depend on hashing.
        globals.sort_by_key(|(_, site)| (site.unit, site.node.range().start));
        for ((space, namespace, local), site) in globals {
            let key = (self.namespace(&namespace), Box::from(local.as_str()));
            match space {
                Space::Element => {
                    let id = self.element(site);
                    plan.global_elements.insert(key, id);
                }
                Space::Attribute => {
                    if let Some(global) = self.global_attribute(site) {
                        self.check_constraint(site, global.of, &global.constraint);
                        plan.global_attributes.insert(key, global);
                    }
                }
                Space::Type if site.node.tag_name().name() == "simpleType" => {
                    if let Some(id) = self.simple_type(site) {
                        plan.global_types.insert(key, TypeId::Simple(id));
                    }
                }
                Space::Type => {
                    let id = self.complex_type(site);
                    plan.global_types.insert(key, TypeId::Complex(id));
                }
                Space::Group => {
                    self.open_groups.push((site.unit, site.node.id()));
                    if let Some(model) = super::children(site).next() {
                        self.particle(model);
                    }
                    self.open_groups.pop();
                }
                Space::AttributeGroup => {
                    self.open_groups.push((site.unit, site.node.id()));
                    self.attributes(site);
                    self.open_groups.pop();
                }
            }
        }
        // Part 1 §3.2.7: attributes of xsi alone are declared without a schema. Those of the namespace xml are where an
        // import asks for them, whatever file describes them.
        if !self.imports(XML_NAMESPACE) {
            return;
        }
        let xml = self.namespace(XML_NAMESPACE);
        for (local, of) in [("lang", "language"), ("space", "NCName"), ("base", "anyURI"), ("id", "ID")] {
            if let Some(of) = self.builtin_known(of) {
                let global = AttributeGlobal { of, constraint: Constraint::None };
                plan.global_attributes.insert((xml, local.into()), global);
            }
        }
    }

    /// Whether some file imports the namespace.
    fn imports(&self, namespace: &str) -> bool {
        let roots = self.units.iter().map(|unit| unit.parsed.tree.root_element());
        let mut constructs = roots.flat_map(|root| root.children());
        constructs.any(|c| c.has_tag_name((XSD, "import")) && c.attribute("namespace") == Some(namespace))
    }

    /// Default and fixed values must fit the type, which is known only now.
    fn check_elements(&mut self) {
        for id in 0..self.elements.len() {
            let Some(element) = self.elements.get(id).cloned() else { continue };
            let Some(site) = self.element_sites.get(id).copied() else { continue };
            if element.constraint == Constraint::None {
                continue;
            }
            match self.text_type(element.of) {
                Some(Some(of)) => self.check_constraint(site, of, &element.constraint),
                Some(None) => self.check_may_be_empty(site, element.of, &element.constraint),
                None => self.error(site, LoadErrorKind::Misplaced),
            }
        }
    }

    /// Part 1 §3.3.6, Element Default Valid (Immediate), 2.2.2: mixed content has a default only if it may be empty.
    fn check_may_be_empty(&mut self, site: Site<'s>, of: TypeId, constraint: &Constraint) {
        let TypeId::Complex(id) = of else { return };
        let definition = self.definition(id);
        if let Some(DefinedContent::Particle(particle)) = definition.as_deref().map(|d| &d.content)
            && !particle.may_be_empty()
        {
            let wanted = "no default and no fixed value, because the content may not be empty,";
            self.bad_value(site, constraint.value().unwrap_or_default(), wanted);
        }
    }

    /// The simple type of the text of an element of a type; `Some(None)` for mixed content; `None` where there is no
    /// text.
    fn text_type(&mut self, of: TypeId) -> Option<Option<SimpleId>> {
        match of {
            TypeId::Simple(id) => Some(Some(id)),
            TypeId::Complex(id) => {
                let definition = self.definition(id)?;
                match definition.content {
                    DefinedContent::Simple(id) => Some(Some(id)),
                    DefinedContent::Particle(_) => definition.mixed.then_some(None),
                }
            }
        }
    }

    fn lay_out(&mut self, id: ComplexId, definition: &Rc<Definition>) -> Complex {
        let site = self.complex_sites.get(id as usize).copied().flatten();
        let mut model: Option<Model> = None;
        let mut content = Content::Empty;
        match &definition.content {
            DefinedContent::Simple(of) => content = Content::Simple(*of),
            DefinedContent::Particle(particle) if particle.is_empty() => {}
            DefinedContent::Particle(particle) => match automaton::build(particle, &self.elements) {
                Ok(built) => model = Some(built),
                Err(kind) => self.error_at(site, kind),
            },
        }
        let text = matches!(content, Content::Simple(_));
        let laid_out = members::lay_out(&definition.attributes, model.as_ref(), text);
        for kind in laid_out.errors {
            self.error_at(site, kind);
        }
        let mut obstacles = laid_out.obstacles;
        if definition.mixed {
            obstacles.push(LoadErrorKind::NotInvertible("mixed content"));
        }
        if definition.wildcard.is_some() {
            obstacles.push(LoadErrorKind::NotInvertible("xs:anyAttribute"));
        }
        if self.has_names(definition) {
            obstacles.push(LoadErrorKind::NotInvertible("xs:QName"));
        }
        if let Some(model) = &mut model {
            self.check_consistent(site, model);
            let mut positions = model.positions.all().to_vec();
            for (position, member) in positions.iter_mut().zip(&laid_out.of_positions) {
                position.member = *member;
            }
            model.positions = Table::new(positions);
        }
        if let Some(model) = model {
            content = Content::Elements(Box::new(model));
        }
        let mut attributes = definition.attributes.clone();
        for (number, member) in laid_out.members.iter().enumerate() {
            if let MemberKind::Attribute(position) = member.kind
                && let Some(attribute) = attributes.get_mut(usize::from(position))
            {
                attribute.member = u16::try_from(number).unwrap_or(u16::MAX);
            }
        }
        let obstacles = obstacles.into_iter().filter_map(|kind| self.load_error(site, kind)).collect();
        Complex {
            is_abstract: definition.is_abstract,
            block: definition.block,
            base: definition.base,
            mixed: definition.mixed,
            content,
            attributes: attributes.into(),
            any_attribute: definition.wildcard.clone(),
            members: laid_out.members.into(),
            value_member: laid_out.value_member,
            obstacles,
        }
    }

    /// Whether the text or an attribute of a type is a qualified name, whose meaning hangs on prefixes.
    fn has_names(&self, definition: &Definition) -> bool {
        let text = match definition.content {
            DefinedContent::Simple(id) => self.is_name(id),
            DefinedContent::Particle(_) => false,
        };
        text || definition.attributes.iter().any(|a| self.is_name(a.of))
    }

    fn is_name(&self, id: SimpleId) -> bool {
        self.simples.get(id as usize).is_some_and(|s| s.has_names)
    }

    /// Elements whose text is a qualified name.
    fn find_names(&mut self) {
        for id in 0..self.elements.len() {
            let of = self.elements.get(id).map(|e| e.of);
            if !matches!(of, Some(TypeId::Simple(of)) if self.is_name(of)) {
                continue;
            }
            let site = self.element_sites.get(id).copied();
            let obstacle = self.load_error(site, LoadErrorKind::NotInvertible("xs:QName"));
            if let Some(element) = self.elements.get_mut(id) {
                element.obstacle = obstacle.map(Box::new);
            }
        }
    }

    /// Part 1 §3.8.6, Element Declarations Consistent: one name in one content model has one type.
    fn check_consistent(&mut self, site: Option<Site<'s>>, model: &Model) {
        let positions = model.positions.all();
        let of = |element: ElementId| self.elements.get(element as usize).map(|e| e.of);
        let mut wrong = Vec::new();
        for (i, one) in positions.iter().enumerate().filter(|(_, p)| p.wildcard.is_none()) {
            let same_name = |other: &&crate::schema::model::Position| {
                other.wildcard.is_none() && other.namespace == one.namespace && other.local == one.local
            };
            if positions
                .iter()
                .skip(i + 1)
                .filter(same_name)
                .any(|other| of(other.element) != of(one.element))
            {
                wrong.push(one.local.to_string());
            }
        }
        for name in wrong {
            self.error_at(site, LoadErrorKind::TwoTypes(name));
        }
    }

    /// A nillable element needs the member `nil` for itself.
    fn check_nil(&mut self, complexes: &[Complex]) {
        for id in 0..self.elements.len() {
            let Some(element) = self.elements.get(id).filter(|e| e.nillable) else { continue };
            let TypeId::Complex(of) = element.of else { continue };
            let members = complexes.get(of as usize).map(|c| &*c.members).unwrap_or_default();
            let clash = members.iter().find(|m| *m.name == *member_name::NIL).map(|m| m.local.to_string());
            if let (Some(other), Some(site)) = (clash, self.element_sites.get(id).copied()) {
                self.error(site, LoadErrorKind::SameMember { member: member_name::NIL.into(), other });
            }
        }
    }

    /// Chooses prefixes and writes every tag once. Elements of the entry's namespace are written without prefix,
    /// unless some element is in no namespace and needs that for itself.
    fn name_tags(&mut self, target: &str, plan: &mut Plan, complexes: &mut [Complex]) {
        let without_namespace = self.elements.iter().any(|e| e.namespace == 0);
        let default = if without_namespace { 0 } else { self.namespace(target) };
        let prefixes: Vec<String> = (0..index(self.namespaces.len())).map(|id| self.prefix(id)).collect();
        let tag = |namespace: NamespaceId, local: &str, bare: bool| match prefixes
            .get(namespace as usize)
            .filter(|p| !p.is_empty() && !bare)
        {
            Some(prefix) => format!("{prefix}:{local}"),
            None => local.to_owned(),
        };
        for element in &mut self.elements {
            let tag = tag(element.namespace, &element.local, element.namespace == default);
            element.opening = format!("<{tag}").into();
            element.closing = format!("</{tag}>").into();
        }
        for attribute in complexes.iter_mut().flat_map(|c| c.attributes.iter_mut()) {
            attribute.opening = format!(" {}=\"", tag(attribute.namespace, &attribute.local, false)).into();
        }
        plan.default_namespace = default;
        plan.prefixes = prefixes.into_iter().map(Into::into).collect();
    }

    fn prefix(&self, id: NamespaceId) -> String {
        match self.namespaces.get(id as usize).map(|n| &**n) {
            None | Some("") => String::new(),
            Some(XML_NAMESPACE) => "xml".into(),
            Some(_) => format!("n{id}"),
        }
    }

    fn load_error(&mut self, site: Option<Site<'s>>, kind: LoadErrorKind) -> Option<LoadError> {
        self.error_at(site, kind);
        site.and_then(|_| self.errors.pop())
    }

    fn error_at(&mut self, site: Option<Site<'s>>, kind: LoadErrorKind) {
        if let Some(site) = site {
            self.error(site, kind);
        }
    }
}
