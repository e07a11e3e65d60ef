//! GPU buffers that persist, and what writes them.

use std::marker::PhantomData;
use std::ops::Range;

use bevy::log::error_once;
use bevy::render::render_resource::{Buffer, BufferDescriptor, BufferUsages, CommandEncoderDescriptor};
use bevy::render::renderer::{RenderDevice, RenderQueue};
use bytemuck::Pod;

use crate::stats::{CountedBytes, RenderStats};

/// What an upload needs.
pub(crate) struct Gpu<'a> {
    pub(crate) device: &'a RenderDevice,
    pub(crate) queue: &'a RenderQueue,
    pub(crate) stats: &'a RenderStats,
}

/// A buffer that outgrows itself is copied to its successor up to so many bytes; what a larger one held is sent
/// again.
const COPIED_BYTES: u64 = 256 << 20;

/// A buffer of more elements than this gives memory back when it is less than a quarter full.
const SHRINK_FROM: u32 = 1 << 16;

/// A GPU buffer of `T` that grows by doubling and never beyond what the device allows.
pub(crate) struct GrowingBuffer<T> {
    label: &'static str,
    usage: BufferUsages,
    buffer: Option<(Buffer, CountedBytes)>,
    capacity: u32,
    len: u32,
    element: PhantomData<fn() -> T>,
}

impl<T: Pod> GrowingBuffer<T> {
    pub(crate) fn new(label: &'static str, usage: BufferUsages) -> Self {
        Self {
            label,
            usage,
            buffer: None,
            capacity: 0,
            len: 0,
            element: PhantomData,
        }
    }

    pub(crate) fn buffer(&self) -> Option<&Buffer> {
        self.buffer.as_ref().map(|(buffer, _)| buffer)
    }

    /// Elements that are there to draw.
    pub(crate) fn len(&self) -> u32 {
        self.len
    }

    /// Bytes of GPU memory in use.
    pub(crate) fn bytes(&self) -> u64 {
        u64::from(self.capacity) * size_of::<T>() as u64
    }

    /// Brings the buffer to the state of `source`, given what changed in it.
    ///
    /// What exceeds the device's limits is left out, with one message.
    pub(crate) fn write<R: Iterator<Item = Range<u32>>>(
        &mut self,
        gpu: &Gpu<'_>,
        source: &[T],
        dirty: impl FnOnce(u32) -> R,
    ) {
        if self.reserve(gpu, source.len()) {
            self.send(gpu, 0, source);
            return;
        }
        for range in dirty(self.len) {
            let elements = source.get(range.start as usize..range.end as usize);
            self.send(gpu, range.start, elements.unwrap_or_default());
        }
    }

    /// Sets the number of elements. A buffer that is replaced by one of another size is copied on the GPU.
    /// Returns whether there was none, so that all is to be sent.
    ///
    /// What exceeds the device's limits is left out, with one message.
    pub(crate) fn reserve(&mut self, gpu: &Gpu<'_>, wanted: usize) -> bool {
        let max = self.max_len(gpu.device);
        let len = u32::try_from(wanted).unwrap_or(u32::MAX).min(max);
        if (len as usize) < wanted {
            error_once!(
                "{} of {} {} do not fit into a buffer of this GPU",
                wanted - len as usize,
                wanted,
                self.label
            );
        }
        let num_kept = self.len.min(len);
        self.len = len;
        let is_wasteful = self.capacity > SHRINK_FROM && len < self.capacity / 4;
        if len <= self.capacity && !is_wasteful {
            return false;
        }
        // Twice what it was, or twice what is left, so that neither direction reallocates often.
        let wanted = if is_wasteful {
            len.saturating_mul(2)
        } else {
            len.max(self.capacity.saturating_mul(2))
        };
        self.capacity = wanted.max(64).min(max);
        if self.buffer().is_some_and(|old| old.size() > COPIED_BYTES) {
            // So that the peak is not the sum of both.
            self.buffer = None;
        }
        let bytes = self.bytes();
        let new = gpu.device.create_buffer(&BufferDescriptor {
            label: Some(self.label),
            size: bytes,
            usage: self.usage | BufferUsages::COPY_DST | BufferUsages::COPY_SRC,
            mapped_at_creation: false,
        });
        let old = self.buffer.replace((new, CountedBytes::new(gpu.stats, bytes)));
        let (Some((old, _)), Some(new)) = (&old, self.buffer()) else {
            return true;
        };
        let descriptor = CommandEncoderDescriptor {
            label: Some(self.label),
        };
        let mut encoder = gpu.device.create_command_encoder(&descriptor);
        encoder.copy_buffer_to_buffer(old, 0, new, 0, u64::from(num_kept) * size_of::<T>() as u64);
        // What was written to the old one before comes first, and what is sent to the new one after.
        gpu.queue.submit([encoder.finish()]);
        false
    }

    /// Sends elements to a place. What lies beyond the end is left out.
    pub(crate) fn send(&self, gpu: &Gpu<'_>, start: u32, elements: &[T]) {
        let room = self.len.saturating_sub(start) as usize;
        let elements = elements.get(..room.min(elements.len())).unwrap_or_default();
        let Some(buffer) = self.buffer() else {
            return;
        };
        let bytes: &[u8] = bytemuck::cast_slice(elements);
        if !bytes.is_empty() {
            gpu.queue
                .write_buffer(buffer, u64::from(start) * size_of::<T>() as u64, bytes);
            gpu.stats.count_upload(bytes.len() as u64);
        }
    }

    fn max_len(&self, device: &RenderDevice) -> u32 {
        let limits = device.limits();
        let mut max_bytes = limits.max_buffer_size;
        if self.usage.contains(BufferUsages::STORAGE) {
            max_bytes = max_bytes.min(limits.max_storage_buffer_binding_size);
        }
        u32::try_from(max_bytes / size_of::<T>() as u64).unwrap_or(u32::MAX - 1)
    }
}

/// A GPU buffer of one `T`, rewritten when it changes.
pub(crate) struct UniformBuffer<T> {
    buffer: Buffer,
    values: T,
    _bytes: CountedBytes,
}

impl<T: Pod + PartialEq> UniformBuffer<T> {
    pub(crate) fn new(gpu: &Gpu<'_>, label: &'static str, values: T) -> Self {
        let bytes = size_of::<T>() as u64;
        let buffer = gpu.device.create_buffer(&BufferDescriptor {
            label: Some(label),
            size: bytes,
            usage: BufferUsages::UNIFORM | BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let new = Self {
            buffer,
            values,
            _bytes: CountedBytes::new(gpu.stats, bytes),
        };
        new.send(gpu);
        new
    }

    pub(crate) fn buffer(&self) -> &Buffer {
        &self.buffer
    }

    pub(crate) fn values(&self) -> &T {
        &self.values
    }

    /// Uploads `values` if they are others than before.
    pub(crate) fn set(&mut self, gpu: &Gpu<'_>, values: T) {
        if self.values != values {
            self.values = values;
            self.send(gpu);
        }
    }

    fn send(&self, gpu: &Gpu<'_>) {
        gpu.queue
            .write_buffer(&self.buffer, 0, bytemuck::bytes_of(&self.values));
        gpu.stats.count_upload(size_of::<T>() as u64);
    }
}

/// A GPU buffer that is written once. Its bytes are counted by who makes it.
pub(crate) struct FixedBuffer(Buffer);

impl FixedBuffer {
    /// A buffer of these bytes, with a message and `None` where they exceed the device's limits. There is always room for one
    /// word, so that it can be bound.
    ///
    /// Precondition: the number of bytes is a multiple of 4.
    pub(crate) fn new(gpu: &Gpu<'_>, label: &'static str, usage: BufferUsages, bytes: &[u8]) -> Option<Self> {
        debug_assert!(bytes.len().is_multiple_of(4), "buffers are written word by word");
        let size = (bytes.len() as u64).max(4);
        if size > gpu.device.limits().max_buffer_size {
            error_once!("{size} bytes of {label} do not fit into a buffer of this GPU");
            return None;
        }
        let buffer = gpu.device.create_buffer(&BufferDescriptor {
            label: Some(label),
            size,
            usage: usage | BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        gpu.queue.write_buffer(&buffer, 0, bytes);
        gpu.stats.count_upload(bytes.len() as u64);
        Some(Self(buffer))
    }

    pub(crate) fn buffer(&self) -> &Buffer {
        &self.0
    }
}

/// The size of a type as the smallest that a binding must have.
pub(crate) const fn binding_size<T>() -> Option<std::num::NonZero<u64>> {
    std::num::NonZero::new(size_of::<T>() as u64)
}
