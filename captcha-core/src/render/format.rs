use std::fmt;

/// What a renderer produces, named by the file extension under which it is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// A PNG picture.
    Png,
    /// An SVG picture.
    Svg,
    /// A WAV sound.
    Wav,
}

impl Format {
    const ALL: [Self; 3] = [Self::Png, Self::Svg, Self::Wav];

    /// The file extension, for example `png`.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Svg => "svg",
            Self::Wav => "wav",
        }
    }

    /// The format with this file extension.
    #[must_use]
    pub fn from_extension(extension: &str) -> Option<Self> {
        let same = |format: &Self| format.extension() == extension;
        Self::ALL.into_iter().find(same)
    }

    /// The media type, for example `image/png`.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Svg => "image/svg+xml",
            Self::Wav => "audio/wav",
        }
    }

    /// Whether it is to be heard rather than seen.
    #[must_use]
    pub const fn is_audio(self) -> bool {
        matches!(self, Self::Wav)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.extension())
    }
}
