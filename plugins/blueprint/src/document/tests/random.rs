//! Random blueprints, the same for the same seed.

use arrow_array::{
    ArrayRef, ArrowPrimitiveType, BooleanArray, FixedSizeListArray, ListArray, NullArray, PrimitiveArray,
    StringArray, StructArray, UnionArray, types,
};
use arrow_buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{DataType, Field, UnionMode};

use super::*;
use crate::{
    ContainerBlueprint, ContainerId, ContentsFilter, PlayState, ViewBlueprint, viewport::PanelStates,
};

/// `SplitMix64` (Steele, Lea and Flood, 2014).
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    fn yes(&mut self) -> bool {
        self.below(2) == 0
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.yes().then(|| make(self))
    }

    fn text(&mut self) -> String {
        const TEXTS: [&str; 8] = [
            "",
            "None",
            "a \"b\"",
            "line\nline",
            "\u{1f916} caf\u{e9}",
            "/a/b",
            r"\u{7}",
            "'([",
        ];
        TEXTS[self.below(TEXTS.len())].to_owned()
    }

    fn share(&mut self) -> f32 {
        1.0 + self.below(1000) as f32 / 7.0
    }

    pub(super) fn document(&mut self) -> BlueprintDocument {
        let mut viewport = ViewportBlueprint::default();
        let mut free: Vec<Contents> = Vec::new();
        for at in 0..self.below(5) {
            let view = self.view(at);
            free.push(Contents::View(view.id));
            viewport.views.insert(view.id, view);
        }
        for at in 0..self.below(4) {
            let count = self.below(free.len() + 1);
            let contents: Vec<Contents> = free.drain(..count).collect();
            let container = self.container(at, contents);
            free.push(Contents::Container(container.id));
            viewport.containers.insert(container.id, container);
        }
        viewport.root = free.iter().rev().find_map(|item| match item {
            Contents::Container(id) => Some(*id),
            Contents::View(_) => None,
        });
        let views: Vec<ViewId> = viewport.views.keys().copied().collect();
        viewport.maximized = (!views.is_empty() && self.yes()).then(|| views[self.below(views.len())]);
        viewport.auto_layout = self.yes();
        viewport.auto_views = self.yes();
        viewport.past_recommendations = (0..self.below(3)).map(|_| self.next()).collect();
        viewport.panels = PanelStates {
            top: self.maybe(|_| PanelState::Hidden),
            blueprint: self.maybe(|_| PanelState::Collapsed),
            selection: self.maybe(|_| PanelState::Expanded),
            time: self.maybe(|_| PanelState::Hidden),
        };
        let time = &mut viewport.time_panel;
        time.timeline = self
            .maybe(|random| random.text().into())
            .filter(|name: &Arc<str>| !name.is_empty());
        time.playback_speed = self.maybe(|random| random.below(100) as f64 / 7.0 - 5.0);
        time.fps = self.maybe(|random| f64::from(random.share()));
        time.play_state = self.maybe(|_| PlayState::Paused);
        time.loop_mode = self.maybe(|_| LoopMode::Selection);
        time.time_selection = self.maybe(|random| {
            let min = random.next() as i64 / 2;
            TimeRange::new(min, min + random.below(100) as i64)
        });
        viewport.normalize();
        let mut document = BlueprintDocument {
            viewport,
            ..BlueprintDocument::default()
        };
        for view in views {
            let settings = self.settings(view);
            if settings != ViewSettings::default() {
                document.views.insert(view, settings);
            }
        }
        document
    }

    fn view(&mut self, at: usize) -> ViewBlueprint {
        const RULES: [&str; 6] = [
            "$origin/**",
            "- /a/b",
            "+ /a/\\ c/**",
            "/**",
            "$unknown",
            "+ /a/*",
        ];
        let mut view = ViewBlueprint::new(ViewId::hashed([&*at.to_string()]), "3D", "/a/b c");
        view.name = self.maybe(Self::text);
        view.visible = self.yes();
        view.title_bar = self.yes();
        let rules: Vec<&str> = (0..self.below(4)).map(|_| RULES[self.below(4)]).collect();
        view.contents = ContentsFilter::from_expressions(rules);
        view
    }

    fn container(&mut self, at: usize, contents: Vec<Contents>) -> ContainerBlueprint {
        const KINDS: [ContainerKind; 4] = [
            ContainerKind::Tabs,
            ContainerKind::Horizontal,
            ContainerKind::Vertical,
            ContainerKind::Grid,
        ];
        let id = ContainerId::hashed([&*at.to_string()]);
        let mut container = ContainerBlueprint::new(id, KINDS[self.below(4)], contents);
        container.name = self.maybe(Self::text);
        container.col_shares = (0..self.below(3)).map(|_| self.share()).collect();
        container.row_shares = (0..self.below(3)).map(|_| self.share()).collect();
        container.grid_columns = self.maybe(|random| 1 + random.below(5) as u32);
        container.active_tab = container.contents.first().copied().filter(|_| self.yes());
        container.visible = self.yes();
        container
    }

    fn settings(&mut self, view: ViewId) -> ViewSettings {
        const ENTITIES: [&str; 4] = ["/", "/a", "/a/b", r"/a/\u{1f916}\ x"];
        let mut overrides = BTreeMap::new();
        for _ in 0..self.below(3) {
            let entity = EntityPath::parse(ENTITIES[self.below(4)]);
            let visualizers = self.maybe(|random| {
                (0..random.below(3))
                    .map(|at| VisualizerSettings {
                        id: InstructionId::hashed([&*view.to_string(), &at.to_string()]),
                        visualizer: "Points3D".into(),
                        values: random.components(false),
                    })
                    .collect()
            });
            let settings = EntitySettings {
                values: self.components(false),
                visualizers,
            };
            if settings != EntitySettings::default() {
                overrides.insert(entity, settings);
            }
        }
        ViewSettings {
            properties: self.components(true),
            defaults: self.components(false),
            overrides,
        }
    }

    /// Some components with values, ordered by name.
    fn components(&mut self, properties: bool) -> Components {
        let archetypes: Vec<_> = Vocabulary::get()
            .archetypes()
            // These are the model's, or say which visualizers there are.
            .filter(|archetype| archetype.is_blueprint == properties)
            .filter(|archetype| !["ViewContents", "ViewBlueprint"].contains(&archetype.short_name))
            .collect();
        let mut components: Components = Vec::new();
        for _ in 0..self.below(4) {
            let archetype = archetypes[self.below(archetypes.len())];
            let field = &archetype.fields[self.below(archetype.fields.len())];
            // A clear is no value.
            if archetype.short_name == "Clear"
                || components
                    .iter()
                    .any(|(other, _)| other.component == field.component)
            {
                continue;
            }
            let descriptor = ComponentDescriptor {
                component: Arc::clone(&field.component),
                archetype: Some(Arc::clone(&archetype.name)),
                component_type: Some(field.component_type.into()),
            };
            components.push((descriptor, self.instances(&field.datatype)));
        }
        components.sort_by(|(a, _), (b, _)| a.component.cmp(&b.component));
        components
    }

    /// One or two instances of a datatype.
    pub(super) fn instances(&mut self, datatype: &DataType) -> ArrayRef {
        let count = 1 + self.below(2);
        self.array(&Field::new("item", datatype.clone(), false), count)
    }

    fn array(&mut self, field: &Field, count: usize) -> ArrayRef {
        let nulls = (field.is_nullable() && self.yes() && count > 0).then(|| {
            let mut valid: Vec<bool> = (0..count).map(|_| self.yes()).collect();
            // A buffer of nulls with none is another value for Arrow than no buffer, and the same text.
            valid[0] = false;
            NullBuffer::from(valid)
        });
        match field.data_type() {
            DataType::Null => Arc::new(NullArray::new(count)),
            DataType::Boolean => {
                let bits: Vec<bool> = (0..count).map(|_| self.yes()).collect();
                Arc::new(BooleanArray::new(bits.into(), nulls))
            }
            DataType::Int64 => self.numbers::<types::Int64Type>(count, nulls, |bits| bits as i64),
            DataType::UInt8 => self.numbers::<types::UInt8Type>(count, nulls, |bits| bits as u8),
            DataType::UInt16 => self.numbers::<types::UInt16Type>(count, nulls, |bits| bits as u16),
            DataType::UInt32 => self.numbers::<types::UInt32Type>(count, nulls, |bits| bits as u32),
            DataType::UInt64 => self.numbers::<types::UInt64Type>(count, nulls, |bits| bits),
            DataType::Int8 => self.numbers::<types::Int8Type>(count, nulls, |bits| bits as i8),
            DataType::Int16 => self.numbers::<types::Int16Type>(count, nulls, |bits| bits as i16),
            DataType::Int32 => self.numbers::<types::Int32Type>(count, nulls, |bits| bits as i32),
            DataType::Float16 => self.numbers::<types::Float16Type>(count, nulls, |bits| {
                <<types::Float16Type as ArrowPrimitiveType>::Native>::from_f32((bits % 1000) as f32 / 8.0)
            }),
            DataType::Float32 => self.numbers::<types::Float32Type>(count, nulls, |bits| {
                Some(f32::from_bits(bits as u32))
                    .filter(|number| !number.is_nan())
                    .unwrap_or(0.1)
            }),
            DataType::Float64 => self.numbers::<types::Float64Type>(count, nulls, |bits| {
                Some(f64::from_bits(bits))
                    .filter(|number| !number.is_nan())
                    .unwrap_or(0.1)
            }),
            DataType::Utf8 => {
                let texts = (0..count).map(|at| {
                    let is_valid = nulls.as_ref().is_none_or(|nulls| nulls.is_valid(at));
                    is_valid.then(|| self.text())
                });
                Arc::new(texts.collect::<StringArray>())
            }
            DataType::List(item) => {
                let lengths: Vec<usize> = (0..count).map(|_| self.below(3)).collect();
                let values = self.array(item, lengths.iter().sum());
                let offsets = OffsetBuffer::from_lengths(lengths);
                Arc::new(ListArray::new(Arc::clone(item), offsets, values, nulls))
            }
            DataType::FixedSizeList(item, length) => {
                let values = self.array(item, count * *length as usize);
                Arc::new(FixedSizeListArray::new(Arc::clone(item), *length, values, nulls))
            }
            DataType::Struct(fields) => {
                let columns = fields.iter().map(|field| self.array(field, count)).collect();
                Arc::new(StructArray::new(fields.clone(), columns, nulls))
            }
            DataType::Union(variants, UnionMode::Dense) => {
                let all: Vec<(i8, &Field)> =
                    variants.iter().map(|(id, field)| (id, field.as_ref())).collect();
                let chosen: Vec<usize> = (0..count).map(|_| self.below(all.len())).collect();
                let of = |variant: usize| chosen.iter().filter(move |other| **other == variant);
                let children = (0..all.len())
                    .map(|at| self.array(all[at].1, of(at).count()))
                    .collect();
                let ids: Vec<i8> = chosen.iter().map(|at| all[*at].0).collect();
                let offsets: Vec<i32> = (0..count)
                    .map(|at| chosen[..at].iter().filter(|other| **other == chosen[at]).count() as i32)
                    .collect();
                let (ids, offsets) = (ScalarBuffer::from(ids), ScalarBuffer::from(offsets));
                Arc::new(UnionArray::try_new(variants.clone(), ids, Some(offsets), children).unwrap())
            }
            other => panic!("{other} is not in the vocabulary"),
        }
    }

    fn numbers<T: ArrowPrimitiveType>(
        &mut self,
        count: usize,
        nulls: Option<NullBuffer>,
        number: impl Fn(u64) -> T::Native,
    ) -> ArrayRef {
        let numbers: Vec<T::Native> = (0..count).map(|_| number(self.next())).collect();
        Arc::new(PrimitiveArray::<T>::new(numbers.into(), nulls))
    }
}
