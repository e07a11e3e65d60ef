//! Files on web servers, by `http://` and `https://` links.
//!
//! A link is opened by asking for the whole file. A server that can also give parts of it says so in its answer. Then a large
//! recording with a footer is indexed: its footer is read, and each chunk once it is wanted. What is not indexed is read as it
//! arrives, and where the connection breaks, the rest is asked for.
//!
//! | module | what it has |
//! |---|---|
//! | `link` | what is a link, and what it is called where it is shown |
//! | `client` | one request, and why there is no answer |
//! | `download` | a file from its beginning to its end |
//! | `parts` | a file whose parts are read in any order |
//! | `tries` | how often what failed is tried again, and after which pauses |
//! | `certificates` | the authorities that are trusted |

mod error;
mod link;

#[cfg(feature = "http")]
mod certificates;
#[cfg(feature = "http")]
mod client;
#[cfg(feature = "http")]
mod download;
#[cfg(feature = "http")]
mod parts;
#[cfg(feature = "http")]
mod tries;

#[cfg(feature = "http")]
pub use certificates::system_certificates;
#[cfg(feature = "http")]
pub(crate) use download::open;
pub use error::HttpError;
pub use link::HttpLink;
pub(crate) use link::without_query;
#[cfg(feature = "http")]
pub(crate) use parts::HttpFile;
