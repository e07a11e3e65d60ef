use super::*;

/// A Linux machine that has everything but what is listed.
struct Without(&'static [Probe]);

impl Inventory for Without {
    fn wants(&self, _part: Part) -> bool {
        true
    }

    fn has(&self, probe: &Probe) -> bool {
        !self.0.contains(probe)
    }
}

fn check_os_release(text: &str, expected: Distribution) {
    assert_eq!(Distribution::from_os_release(text), expected, "{text}");
}

#[test]
fn os_release_names_the_distribution() {
    check_os_release(
        "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\n",
        Distribution::Debian,
    );
    check_os_release(
        "NAME=\"Ubuntu\"\nID=ubuntu\nID_LIKE=debian\n",
        Distribution::Debian,
    );
    check_os_release("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", Distribution::Debian);
    check_os_release("ID='fedora'\nVERSION_ID=42\n", Distribution::Fedora);
    check_os_release(
        "ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n",
        Distribution::Fedora,
    );
    check_os_release("ID=arch\n", Distribution::Arch);
    check_os_release("ID=endeavouros\nID_LIKE=arch\n", Distribution::Arch);
    check_os_release("ID=nixos\n", Distribution::Other);
}

#[test]
fn os_release_that_says_nothing_is_another_system() {
    check_os_release("", Distribution::Other);
    check_os_release("VERSION_ID=12\nVARIANT_ID=debian\n", Distribution::Other);
    check_os_release("ID\n=debian\nID_LIKE\n", Distribution::Other);
}

fn check_packages(purpose: Purpose, without: &'static [Probe], expected: &str) {
    let missing = missing(purpose, &Without(without));
    assert_eq!(Distribution::Debian.packages(&missing).join(" "), expected);
}

#[test]
fn nothing_is_installed_where_nothing_is_missing() {
    check_packages(Purpose::Everything, &[], "");
}

#[test]
fn drivers_are_installed_only_where_there_is_none() {
    check_packages(Purpose::Offscreen, &[Probe::VulkanDriver], "mesa-vulkan-drivers");
    check_packages(
        Purpose::Offscreen,
        &[Probe::Library("libvulkan.so.1")],
        "libvulkan1",
    );
}

#[test]
fn window_libraries_are_for_windows_of_their_kind() {
    const X11: &[Probe] = &[Probe::Library("libX11-xcb.so.1"), Probe::Library("libXi.so.6")];
    const WAYLAND: &[Probe] = &[Probe::Library("libwayland-client.so.0")];
    const BOTH: &[Probe] = &[Probe::Library("libxkbcommon.so.0")];
    check_packages(Purpose::Offscreen, X11, "");
    check_packages(Purpose::WaylandWindow, X11, "");
    check_packages(Purpose::X11Window, X11, "libx11-6 libx11-xcb1 libxi6");
    check_packages(Purpose::Everything, X11, "libx11-6 libx11-xcb1 libxi6");
    check_packages(Purpose::X11Window, WAYLAND, "");
    check_packages(Purpose::WaylandWindow, WAYLAND, "libwayland-client0");
    check_packages(Purpose::Offscreen, BOTH, "");
    check_packages(Purpose::X11Window, BOTH, "libxkbcommon0");
    check_packages(Purpose::WaylandWindow, BOTH, "libxkbcommon0");
}

#[test]
fn other_distributions_are_told_what_to_type() {
    let missing = missing(
        Purpose::Offscreen,
        &Without(&[Probe::VulkanDriver, Probe::Library("libvulkan.so.1")]),
    );
    let command = |distribution: Distribution| distribution.install_command(&distribution.packages(&missing));
    assert_eq!(
        command(Distribution::Fedora).as_deref(),
        Some("sudo dnf install mesa-vulkan-drivers vulkan-loader")
    );
    assert_eq!(
        command(Distribution::Arch).as_deref(),
        Some("sudo pacman -S vulkan-icd-loader vulkan-swrast")
    );
    assert_eq!(
        command(Distribution::MacOs).as_deref(),
        Some("xcode-select --install")
    );
    assert_eq!(command(Distribution::Other), None);
}

#[test]
fn apt_get_never_asks_where_nobody_answers() {
    let words = |privilege: Privilege| privilege.apt_get_words().join(" ");
    assert_eq!(
        words(Privilege::Root),
        "env DEBIAN_FRONTEND=noninteractive apt-get -qq"
    );
    assert_eq!(
        words(Privilege::Sudo { interactive: false }),
        "sudo --non-interactive env DEBIAN_FRONTEND=noninteractive apt-get -qq"
    );
    assert!(words(Privilege::Sudo { interactive: true }).starts_with("sudo env "));
}
