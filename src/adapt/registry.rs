//! All adapters, by name; and which of them a request means.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::compile::{AdapterFault, Compiler, line_of};
use super::limits::MAX_MAPPING;
use super::spec::{AdapterSpec, DocumentSpec};
use super::tree::Syntax;
use super::{Adapter, family, render, statuses, target};
use crate::domain::checks::CheckedDocument;
use crate::domain::encoding::essence;
use crate::domain::rejection::{Rejection, problems};
use crate::domain::seal::sha256;

/// The adapters that come with the house.
const SHIPPED: [(&str, &str); 4] = [
    (
        "canonical/v1/adapter.toml",
        include_str!("../../adapters/canonical/v1/adapter.toml"),
    ),
    (
        "dvcqg-mc/v1/adapter.toml",
        include_str!("../../adapters/dvcqg-mc/v1/adapter.toml"),
    ),
    (
        "opencps/v1/adapter.toml",
        include_str!("../../adapters/opencps/v1/adapter.toml"),
    ),
    (
        "vnpost-hcc/v1/adapter.toml",
        include_str!("../../adapters/vnpost-hcc/v1/adapter.toml"),
    ),
];

/// All adapters the hub knows, compiled.
#[derive(Debug)]
pub struct Registry {
    adapters: BTreeMap<String, Arc<Adapter>>,
    /// The version that stands in for every version of a format, by its name without a version, where one was put into use.
    in_use: BTreeMap<String, String>,
}

impl Adapter {
    /// Compiles one adapter file. Its key is a path as in `vnpost-hcc/v1/adapter.toml`.
    ///
    /// # Errors
    /// Every fault of the file, with line and remedy.
    pub fn compile(file: &str, text: &str) -> Result<Adapter, Vec<AdapterFault>> {
        compile_one(file, text)
    }
}

impl Registry {
    /// These adapters, and which of them stands in for all versions of its format: by the name without a version.
    pub fn of(
        adapters: impl IntoIterator<Item = Arc<Adapter>>,
        in_use: BTreeMap<String, String>,
    ) -> Registry {
        let adapters = adapters
            .into_iter()
            .map(|adapter| (adapter.name.clone(), adapter));
        Registry {
            adapters: adapters.collect(),
            in_use,
        }
    }

    /// Compiles adapter files. Keys are paths as in `vnpost-hcc/v1/adapter.toml`; a file whose folder and contents disagree
    /// about its name is a fault.
    ///
    /// # Errors
    /// Every fault of every file, with line and remedy.
    pub fn compile(files: &BTreeMap<String, String>) -> Result<Registry, Vec<AdapterFault>> {
        let mut adapters = BTreeMap::new();
        let mut faults = Vec::new();
        for (file, text) in files {
            match compile_one(file, text) {
                Ok(adapter) => {
                    adapters.insert(adapter.name.clone(), Arc::new(adapter));
                }
                Err(mut more) => faults.append(&mut more),
            }
        }
        if faults.is_empty() {
            Ok(Registry {
                adapters,
                in_use: BTreeMap::new(),
            })
        } else {
            Err(faults)
        }
    }

    /// The adapters that come with the house.
    ///
    /// # Panics
    /// When one of them has a fault; a test compiles them, so a build that passed cannot.
    pub fn shipped() -> Registry {
        match Registry::compile(&shipped_mappings()) {
            Ok(registry) => registry,
            Err(faults) => {
                let said: Vec<String> = faults.iter().map(ToString::to_string).collect();
                panic!("a shipped adapter does not compile:\n{}", said.join("\n"))
            }
        }
    }

    /// The adapters that come with the house and these; one of these stands in for a shipped one at the same path.
    ///
    /// # Errors
    /// As [`Registry::compile`].
    pub fn shipped_with(more: &BTreeMap<String, String>) -> Result<Registry, Vec<AdapterFault>> {
        let mut files = shipped_mappings();
        files.extend(more.iter().map(|(file, text)| (file.clone(), text.clone())));
        Registry::compile(&files)
    }

    /// Every adapter's name, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.adapters.keys().map(String::as_str)
    }

    /// The adapter of this name.
    pub fn get(&self, name: &str) -> Option<&Adapter> {
        self.adapters.get(name).map(Arc::as_ref)
    }

    /// Every adapter, in the order of their names.
    pub fn adapters(&self) -> impl Iterator<Item = &Arc<Adapter>> {
        self.adapters.values()
    }

    /// The name of the version that was put into use for a format, by its name without a version.
    pub fn activated(&self, family: &str) -> Option<&str> {
        self.in_use.get(family).map(String::as_str)
    }

    /// The adapter for whoever has this version of a format: the version that was put into use, else this one.
    pub fn current(&self, name: &str) -> Option<&Arc<Adapter>> {
        let activated = self
            .activated(family(name))
            .and_then(|name| self.adapters.get(name));
        activated.or_else(|| self.adapters.get(name))
    }

    /// The format a submission is in: the one the sender names (`Submission-Format`), else the only one of the tenant's formats
    /// that takes this media type. Of a format of which a version was put into use it is this version, unless the sender names
    /// another that its tenant has.
    ///
    /// # Errors
    /// `format-unknown` for a format the tenant does not have, or when several take the media type and none was named;
    /// `media-type-unsupported` when none takes it.
    pub fn choose(
        &self,
        media_type: &str,
        wanted: Option<&str>,
        tenant_formats: &[String],
    ) -> Result<&Adapter, Rejection> {
        let mut seen = BTreeSet::new();
        let allowed: Vec<&Adapter> = tenant_formats
            .iter()
            .filter_map(|name| self.current(name).map(Arc::as_ref))
            .filter(|adapter| adapter.reads_dossiers() && seen.insert(adapter.name()))
            .collect();
        let listed = |name: &str| {
            let of_tenant = tenant_formats.iter().any(|listed| listed == name);
            of_tenant
                .then(|| self.get(name))
                .flatten()
                .filter(|a| a.reads_dossiers())
        };
        let names = |list: &[&Adapter]| list.iter().map(|a| a.name()).collect::<Vec<_>>().join(", ");
        let unknown = |list: &[&Adapter]| -> Rejection {
            let expected = &names(list);
            problems::FormatUnknown { expected }.into()
        };
        let candidates = match wanted {
            None => allowed,
            Some(name) => {
                let activated = allowed.iter().copied().find(|a| a.name() == name);
                match activated.or_else(|| listed(name)) {
                    Some(adapter) => vec![adapter],
                    None => return Err(unknown(&allowed)),
                }
            }
        };
        let taking: Vec<&Adapter> = candidates
            .iter()
            .copied()
            .filter(|a| a.syntax_of(media_type).is_some())
            .collect();
        match taking.as_slice() {
            [] => {
                let types: BTreeSet<&str> = candidates.iter().flat_map(|a| a.media_types()).collect();
                let types: Vec<&str> = types.into_iter().collect();
                Err(problems::MediaTypeUnsupported {
                    expected: &types.join(", "),
                }
                .into())
            }
            [one] => Ok(one),
            several => Err(unknown(several)),
        }
    }
}

/// The files of the adapters that come with the house, by the paths that [`Registry::compile`] takes.
pub fn shipped_mappings() -> BTreeMap<String, String> {
    SHIPPED
        .iter()
        .map(|(file, text)| ((*file).to_owned(), (*text).to_owned()))
        .collect()
}

/// The mapping as it is written.
pub(super) fn read(file: &str, text: &str) -> Result<AdapterSpec, AdapterFault> {
    if text.len() > MAX_MAPPING {
        return Err(AdapterFault {
            file: file.to_owned(),
            line: 1,
            message_vi: format!("tệp quá {MAX_MAPPING} byte; viết quy tắc dùng chung một lần dưới [shape.…]"),
            message_en: format!(
                "the file has more than {MAX_MAPPING} bytes; write rules that are shared once, under [shape.…]"
            ),
        });
    }
    toml::from_str(text).map_err(|error| AdapterFault {
        file: file.to_owned(),
        line: error.span().map_or(1, |span| line_of(text, span.start)),
        message_vi: format!("tệp viết sai hoặc có mục lạ: {}", error.message()),
        message_en: format!(
            "the file is malformed or holds an unknown key: {}",
            error.message()
        ),
    })
}

/// The format's name, which is that of its folder.
fn name(compiler: &mut Compiler<'_>, file: &str, spec: &AdapterSpec) -> String {
    let name = format!(
        "{}/v{}",
        spec.format.name.get_ref(),
        spec.format.version.get_ref()
    );
    if file
        .strip_suffix("/adapter.toml")
        .is_some_and(|folder| folder != name)
    {
        compiler.fault(
            spec.format.name.span().start,
            format!("thư mục và tên không khớp: tệp ghi {name}; đổi tên thư mục, hoặc sửa name và version"),
            format!("folder and name disagree: the file says {name}; rename the folder, or correct name and version"),
        );
    }
    name
}

/// The media types it takes, at least one, each once.
fn media_types(compiler: &mut Compiler<'_>, spec: &AdapterSpec) -> Vec<(String, Syntax)> {
    let mut media_types = Vec::new();
    for (types, syntax) in [
        (spec.json.as_ref().map(|j| &j.media_types), Syntax::Json),
        (spec.xml.as_ref().map(|x| &x.media_types), Syntax::Xml),
    ] {
        for media_type in types.into_iter().flatten() {
            let word = media_type.get_ref();
            if media_types.iter().any(|(m, _): &(String, Syntax)| m == word)
                || essence(word) != Some(word.clone())
            {
                compiler.fault(
                    media_type.span().start,
                    format!("kiểu nội dung {word} trùng hoặc viết sai; viết thường, không tham số, application/xml thay cho text/xml"),
                    format!("the media type {word} is double or malformed; lower case, without parameters, application/xml for text/xml"),
                );
            }
            media_types.push((word.clone(), syntax));
        }
    }
    if media_types.is_empty() {
        compiler.fault(
            spec.format.name.span().start,
            "cần ít nhất một trong [json] và [xml] với media_types",
            "at least one of [json] and [xml] with media_types is needed",
        );
    }
    media_types
}

/// A report that does not say when something happened is taken to be of the moment it came, which a format says itself.
fn moment(compiler: &mut Compiler<'_>, spec: &AdapterSpec, statuses: &DocumentSpec) {
    let mut rules = statuses.field.iter().filter(|f| f.to.get_ref() == "occurred_at");
    let said = rules.any(|f| f.absent.is_some() || f.required.otherwise().is_some());
    if !said {
        compiler.remark(
            spec.format.name.span().start,
            "[statuses] không nói thời điểm lấy từ đâu khi tài liệu không ghi: thêm absent = \"receipt\" (lúc cổng nhận) hoặc required = true vào quy tắc của occurred_at",
            "[statuses] does not say from what the moment is taken where a report has none: add absent = \"receipt\" (when the hub received it) or required = true to a rule for occurred_at",
        );
    }
}

fn compile_one(file: &str, text: &str) -> Result<Adapter, Vec<AdapterFault>> {
    let spec = read(file, text).map_err(|fault| vec![fault])?;
    let mut compiler = Compiler::new(file, text, &spec);
    let name = name(&mut compiler, file, &spec);
    let media_types = media_types(&mut compiler, &spec);
    let dossier = spec
        .dossier
        .as_ref()
        .map(|d| Arc::new(compiler.document(CheckedDocument::Dossier, d, &target::filing(), &[])));
    let statuses = spec.statuses.as_ref().map(|s| {
        Arc::new(compiler.document(
            CheckedDocument::Statuses,
            s,
            &target::status_report(),
            &statuses::TURNING,
        ))
    });
    if let Some(statuses) = &spec.statuses {
        moment(&mut compiler, &spec, statuses);
    }
    let mut used = BTreeSet::new();
    let render = spec.render.as_ref().map(|r| {
        let root = spec.dossier.as_ref().and_then(|d| d.root.as_ref());
        let takes = (&*render::dossier_members(), false, root);
        render::compile(&mut compiler, &spec, r, takes, &mut used)
    });
    let progress = spec.progress.as_ref().map(|r| {
        let root = spec.statuses.as_ref().and_then(|s| s.root.as_ref());
        let takes = (&*render::report_members(), true, root);
        render::compile(&mut compiler, &spec, r, takes, &mut used)
    });
    if let Some(mirror) = spec.render.as_ref().filter(|r| r.mirror)
        && !dossier.as_ref().is_some_and(|d| d.shape.is_mirror())
    {
        compiler.fault(
            mirror.media_type.span().start,
            "mirror = true chỉ dùng khi mọi trường giữ nguyên tên và chỗ; hãy ánh xạ từng trường",
            "mirror = true needs every field to keep its name and place; map field by field instead",
        );
    }
    compiler.folded();
    compiler.unused(&used);
    if !compiler.faults.is_empty() {
        return Err(compiler.faults);
    }
    Ok(Adapter {
        name,
        title_vi: spec.format.title_vi.clone(),
        title_en: spec.format.title_en.clone(),
        provisional: spec.format.provisional,
        media_types,
        dossier,
        statuses,
        render,
        progress,
        remarks: compiler.remarks,
        text: text.into(),
        sha256: sha256(text.as_bytes()),
    })
}
