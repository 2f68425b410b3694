/// What a `Content-Security-Policy` has to allow, for each directive.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sources {
    pub(super) script: Vec<String>,
    pub(super) frame: Vec<String>,
    pub(super) connect: Vec<String>,
    pub(super) style: Vec<String>,
    pub(super) img: Vec<String>,
    pub(super) worker: Vec<String>,
}

macro_rules! directives {
    ($($add:ident $directive:ident)*) => {
        impl Sources {
            $(pub(crate) fn $add(&mut self, source: &str) -> &mut Self {
                if !self.$directive.iter().any(|known| known == source) {
                    self.$directive.push(source.to_owned());
                }
                self
            })*
        }
    };
}

directives! {
    add_script script
    add_frame frame
    add_connect connect
    add_style style
    add_img img
    add_worker worker
}
