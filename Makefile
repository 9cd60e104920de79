# SPDX-License-Identifier: Apache-2.0
.PHONY: proto
# Needs protoc (Debian: protobuf-compiler) and protoc-gen-swift (built from the swift-protobuf package).
proto:
	protoc --proto_path=Shared/Messages/Proto --swift_out=Shared/Messages/Generated \
		--swift_opt=Visibility=Package,UseAccessLevelOnImports=true Shared/Messages/Proto/*.proto
