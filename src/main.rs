//! temp
use clap::Parser;
fn main() -> std::process::ExitCode {
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let lienthong::cli::Cli::Sandbox(args) = lienthong::cli::Cli::parse();
    tracing_subscriber::fmt().with_env_filter(tracing_subscriber::EnvFilter::new(&args.log)).with_writer(std::io::stderr).init();
    let rt = tokio::runtime::Runtime::new().unwrap();
    match rt.block_on(lienthong::app::sandbox::run(args)) {
        Ok(true) => 0.into(), Ok(false) => 1.into(),
        Err(e) => { eprintln!("{e}"); 2.into() }
    }
}
