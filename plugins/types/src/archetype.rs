//! What every archetype can do, and the macro that declares them.

use arrow_array::ArrayRef;
use chronoscope_store::ComponentDescriptor;

/// Something that can be logged: components with their instances.
pub trait AsComponents {
    /// The components that are set, each with the array of its instances.
    fn components(&self) -> Vec<(ComponentDescriptor, ArrayRef)>;
}

/// Components that belong to no archetype of this crate.
impl AsComponents for [(ComponentDescriptor, ArrayRef)] {
    fn components(&self) -> Vec<(ComponentDescriptor, ArrayRef)> {
        self.to_vec()
    }
}

impl AsComponents for Vec<(ComponentDescriptor, ArrayRef)> {
    fn components(&self) -> Vec<(ComponentDescriptor, ArrayRef)> {
        self.clone()
    }
}

/// Several archetypes on one entity, logged together.
impl AsComponents for [&dyn AsComponents] {
    fn components(&self) -> Vec<(ComponentDescriptor, ArrayRef)> {
        self.iter().flat_map(|archetype| archetype.components()).collect()
    }
}

impl<A: AsComponents, B: AsComponents> AsComponents for (A, B) {
    fn components(&self) -> Vec<(ComponentDescriptor, ArrayRef)> {
        let mut components = self.0.components();
        components.extend(self.1.components());
        components
    }
}

/// Declares archetypes of a namespace, with what stands before their names in those of their components: `one` or
/// `many` instances, the field, its constant, its setter, its component type.
///
/// From each declaration come the names, the struct that holds the arrays that were set, and the setters.
macro_rules! archetypes {
    ($namespace:literal, $prefix:literal; $(
        $(#[$doc:meta])*
        $name:ident { $( $arity:ident $field:ident $FIELD:ident $with:ident: $($component:ident)::+; )* }
    )*) => {
        $(
            $(#[$doc])*
            ///
            /// What is not set is not logged, and so keeps the value that it had; see [`Self::cleared`].
            #[derive(Clone, Debug, Default)]
            #[must_use]
            pub struct $name {
                $($field: Option<arrow_array::ArrayRef>,)*
            }

            impl $name {
                /// The archetype's full name.
                pub const ARCHETYPE: &'static str = concat!($namespace, ".", stringify!($name));

                /// All components, in the order of their declaration.
                pub const FIELDS: &'static [$crate::ComponentName] = &[$(Self::$FIELD),*];

                $(
                    #[doc = concat!("`", $prefix, stringify!($name), ":", stringify!($field), "`")]
                    pub const $FIELD: $crate::ComponentName = $crate::ComponentName {
                        name: concat!($prefix, stringify!($name), ":", stringify!($field)),
                        archetype: Self::ARCHETYPE,
                        component_type: <$crate::components::$($component)::+ as $crate::Component>::TYPE,
                    };

                    $crate::archetype::setter!($arity $field $with $($component)::+);
                )*

                /// Every component empty: what is logged with it replaces all that was logged before.
                pub fn cleared() -> Self {
                    Self {
                        $($field: Some(<$crate::components::$($component)::+ as $crate::Component>::build(Vec::new())),)*
                    }
                }
            }

            impl $crate::AsComponents for $name {
                fn components(&self) -> Vec<(chronoscope_store::ComponentDescriptor, arrow_array::ArrayRef)> {
                    let mut components = Vec::new();
                    $(
                        if let Some(array) = &self.$field {
                            components.push((Self::$FIELD.descriptor(), std::sync::Arc::clone(array)));
                        }
                    )*
                    components
                }
            }
        )*

        /// Every archetype here: its full name and its fields.
        #[cfg(test)]
        pub(crate) const ALL: &[(&str, &[$crate::ComponentName])] = &[$(($name::ARCHETYPE, $name::FIELDS)),*];
    };
}

/// A setter of an archetype: of one instance, or of many.
macro_rules! setter {
    (one $field:ident $with:ident $($component:ident)::+) => {
        #[doc = concat!("Sets `", stringify!($field), "`.")]
        pub fn $with(mut self, value: impl Into<<$crate::components::$($component)::+ as $crate::Component>::Value>) -> Self {
            self.$field = Some(<$crate::components::$($component)::+ as $crate::Component>::build(vec![value.into()]));
            self
        }
    };
    (many $field:ident $with:ident $($component:ident)::+) => {
        #[doc = concat!("Sets `", stringify!($field), "`, a value per instance. The last holds for all further instances.")]
        pub fn $with(
            mut self,
            values: impl IntoIterator<Item = impl Into<<$crate::components::$($component)::+ as $crate::Component>::Value>>,
        ) -> Self {
            let values = values.into_iter().map(Into::into).collect();
            self.$field = Some(<$crate::components::$($component)::+ as $crate::Component>::build(values));
            self
        }
    };
}

pub(crate) use {archetypes, setter};
