# SPDX-License-Identifier: Apache-2.0
# `make help` lists the targets. YES=1 installs missing Debian packages without asking.

PACKAGES_BUILD = libzmq3-dev libvirt-dev libpq-dev libsodium-dev pkg-config
PACKAGES_DEMO  = $(PACKAGES_BUILD) postgresql python3
PACKAGES_LAB   = $(PACKAGES_DEMO) $(shell grep -v '^\#' Tests/Lab/packages.txt 2>/dev/null)
PACKAGES_XEN   = $(PACKAGES_DEMO) $(shell grep -v '^\#' Tests/LabXen/packages.txt 2>/dev/null)
PACKAGES_TEST  = $(PACKAGES_DEMO) gnutls-bin shellcheck
PACKAGES_BENCH = $(PACKAGES_DEMO) gcc libc6-dev collectd-core prometheus-libvirt-exporter libvirt-daemon \
	libvirt-daemon-driver-qemu libvirt-clients qemu-system-x86
DEBUG          = .build/debug
RELEASE        = .build/release
BUILD_FLAGS    = --explicit-target-dependency-import-check error

ifeq ($(shell id -u),0)
PACKAGES_TEST := $(PACKAGES_LAB) gnutls-bin shellcheck
endif

.PHONY: help build release demo up down lab-demo lab-xen test soak fuzz rules bench-monitor bench-scheduler bench-gateway compose-test check fmt proto

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## Build everything in debug mode, tests too
	@scripts/install.sh $(PACKAGES_BUILD)
	swift build --build-tests $(BUILD_FLAGS)

release: ## Build the executables in release mode
	@scripts/install.sh $(PACKAGES_BUILD)
	swift build -c release $(BUILD_FLAGS)

demo: ## See the paper's experiment: install, build, run, explain, verify
	@scripts/install.sh $(PACKAGES_DEMO)
	@scripts/build.sh
	@python3 demo/demo.py --binaries $(DEBUG) $(if $(TRACE),--trace $(TRACE))

up: ## Start the same stack and leave it running (PORT=7421 for another port)
	@scripts/install.sh $(PACKAGES_DEMO)
	@scripts/build.sh
	@python3 demo/up.py up --binaries $(DEBUG) $(if $(PORT),--port $(PORT))

down: ## Stop what `make up` started
	@python3 demo/up.py down

lab-demo: ## The same loop on two real libvirt hosts with real QEMU guests (root)
	@[ "$$(id -u)" = 0 ] || { echo "lab-demo needs root: sudo make lab-demo" >&2; exit 77; }
	@scripts/install.sh $(PACKAGES_LAB)
	@scripts/build.sh
	@python3 demo/lab_demo.py --binaries $(DEBUG)

lab-xen: ## Every operation and the experiment on two real Xen hosts (root, 10 to 20 minutes; writes docs/reports/lab-xen/)
	@[ "$$(id -u)" = 0 ] || { echo "lab-xen needs root: sudo make lab-xen" >&2; exit 77; }
	@scripts/install.sh $(PACKAGES_XEN)
	@scripts/build.sh release
	@python3 demo/lab_xen.py --binaries $(RELEASE)

test: ## Prove it: style, units, contracts, the five services, and (as root) the lab
	@scripts/install.sh $(PACKAGES_TEST)
	@scripts/test.sh

soak: ## The same with full counts; writes docs/reports/soak/
	@scripts/install.sh $(PACKAGES_TEST)
	@scripts/soak.sh

fuzz: ## libFuzzer with AddressSanitizer over every parser and core (SECONDS=60 in all; the first build takes minutes)
	@scripts/install.sh $(PACKAGES_BUILD)
	@Tests/FuzzTests/fuzz.sh $(or $(SECONDS),60) $(TARGETS)

rules: ## Take out one rule of the Scheduler after another: some test must fail (six minutes; WRITE=1 for docs/rules.md)
	@python3 Tests/Rules/check.py $(if $(WRITE),--write)

bench-monitor: ## Measure Monitor: its bus, its sampler beside others', a fleet of 20,000 VMs (10 minutes)
	@scripts/install.sh $(PACKAGES_BENCH)
	@scripts/build.sh release
	@python3 Tests/Benchmarks/Driver/bench_monitor.py --binaries $(RELEASE) $(PARTS)

compose-test: ## Start compose/ on a real Docker engine and run the demo's scenario there (root)
	@scripts/install.sh $(PACKAGES_DEMO) docker.io docker-compose debootstrap iptables
	@scripts/build.sh release
	@compose/test.sh

bench-scheduler: ## Measure the scheduler's core, its rules' worth and the reaction time (TRACES=folder for other traces)
	@scripts/install.sh $(PACKAGES_DEMO)
	@scripts/build.sh release
	@$(RELEASE)/SchedulerBench $(or $(TRACES),../shared/traces)
	@python3 Tests/Benchmarks/Driver/end_to_end.py --binaries $(RELEASE)

bench-gateway: ## Measure what a tenant waits while another floods the gateway (2 minutes)
	@scripts/install.sh $(PACKAGES_DEMO)
	@scripts/build.sh release
	@python3 Tests/Benchmarks/Driver/bench_gateway.py --binaries $(RELEASE)

check: ## Style: swift-format
	swift format lint --strict --recursive --parallel Services Shared Tests Package.swift

fmt: ## Format in place
	swift format --in-place --recursive --parallel Services Shared Tests Package.swift

# Needs protoc (Debian: protobuf-compiler) and protoc-gen-swift (built from the swift-protobuf package).
proto: ## Generate Swift from the .proto files
	protoc --proto_path=Shared/Messages/Proto --swift_out=Shared/Messages/Generated \
		--swift_opt=Visibility=Package,UseAccessLevelOnImports=true Shared/Messages/Proto/*.proto
