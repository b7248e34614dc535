# The Debian 12 packages that sekimori needs, each with its reason: the only list. Sourced, never run.

packages_build=(
  g++             # the compiler, C++20
  cmake           # the build description, presets
  ninja-build     # the build itself
  pkg-config      # finds libpcap
  libpcap-dev     # reads mirror ports and capture files
  libboost1.81-dev  # headers only: Asio, Beast (HTTP on the local socket), JSON
  libspdlog-dev   # the daemon's own log
  libyaml-cpp-dev # the configuration file
  libssl-dev      # libssl: TLS to syslog receivers; libcrypto: digests of the policy and of flow keys
)

# Not needed by any build, brought by run.sh already: CMake takes it when it finds it, and one that appears between two
# builds makes the second a whole one.
packages_speed=(
  ccache          # second builds in seconds
)

# Only for measuring (tools/bench); nothing else asks for it. The programs that are measured beside ours, where they are
# installed: softflowd, nfdump, argus-server, tcpdump.
packages_bench=(
  libbenchmark-dev # Google Benchmark: what each stage of the packet path costs
)

packages_test=(
  libgtest-dev    # unit tests
  clang-format-14 # form of the sources
  clang-tidy-14   # faults a compiler passes over
  python3         # reads JSON answers; web server of the live test; table comparison
  iproute2        # network namespaces, the switch and its mirror port
  iputils-ping    # the live test's programs, none of which is a service:
  curl            #   HTTP, and questions over the local socket
  dnsmasq-base    #   DNS server
  ldnsutils       #   DNS client (drill)
  dropbear-bin    #   SSH server and client
  rsyslog         # receives the alerts; installed without being started or enabled
  rsyslog-openssl #   over TLS
  openssl         #   with certificates made for the test
  strace          # lets the journal's system calls fail
)
