//! Files and live streams to chunks, and chunks to files and streams, on background threads.
