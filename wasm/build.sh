#!/usr/bin/env bash
# Builds the npm package into wasm/dist, and the page into wasm/page.html. Names what it needs and does not find.
#
#   wasm/build.sh            package and page
#   TOOLS=DIR                where wasm-bindgen, wasm-opt and esbuild are kept between builds (default: target/wasm-tools)
set -euo pipefail
cd "$(dirname "$0")/.."

target=wasm32-unknown-unknown
bindgen=0.2.130  # as in wasm/Cargo.toml
binaryen=132.0.0
esbuild=0.28.2
tools=${TOOLS:-$PWD/target/wasm-tools}
dist=$PWD/wasm/dist
export CARGO_TARGET_DIR=$PWD/target/wasm-build

missing() { echo "missing: $1 ($2)" >&2; exit 1; }
need() { command -v "$1" >/dev/null || missing "$1" "$2"; }
# The first of these commands that there is.
first() { for name in "$@"; do if command -v "$name" >/dev/null; then command -v "$name"; return; fi; done; return 1; }

need npm "Debian: npm"
CC_wasm32_unknown_unknown=$(first clang-19 clang) || missing clang "Debian: clang-19"
AR_wasm32_unknown_unknown=$(first llvm-ar-19 llvm-ar) || missing llvm-ar "Debian: clang-19"
export CC_wasm32_unknown_unknown AR_wasm32_unknown_unknown
# blst without needless copies of its functions: a third smaller than by -O2, and as fast.
export CFLAGS_wasm32_unknown_unknown="-Os -mllvm -inline-threshold=0"

# The toolchain: the installed one where it has the target, else Debian's, which builds the standard library too.
if [ -d "$(rustc --print sysroot)/lib/rustlib/$target" ]; then
    build=(cargo build)
elif [ -x /usr/bin/rustc ] && [ -x /usr/bin/cargo ] && [ -d "$(/usr/bin/rustc --print sysroot)/lib/rustlib/src/rust/library" ]; then
    linker=$(first wasm-ld-19 wasm-ld) || missing wasm-ld-19 "Debian: lld-19"
    # Panics end the module: their places in the source would only add to the size.
    export RUSTFLAGS="-Zlocation-detail=none" RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=$linker
    build=(/usr/bin/cargo build "-Zbuild-std=std,panic_abort")
else
    missing "the target $target" "rustup target add $target; or Debian: rustc-web cargo-web rust-web-src lld-19"
fi

if [ "$("$tools/bin/wasm-bindgen" --version 2>/dev/null)" != "wasm-bindgen $bindgen" ]; then
    echo "-- wasm-bindgen $bindgen"
    (unset RUSTC RUSTC_BOOTSTRAP RUSTFLAGS; cargo install --quiet --version $bindgen --root "$tools" wasm-bindgen-cli)
fi
if [ ! -x "$tools/node_modules/.bin/wasm-opt" ] || [ ! -x "$tools/node_modules/.bin/esbuild" ]; then
    echo "-- wasm-opt of binaryen $binaryen, esbuild $esbuild"
    npm install --silent --no-fund --no-audit --prefix "$tools" binaryen@$binaryen esbuild@$esbuild
fi

# package FOLDER FEATURES: the module with its classes, as an npm package.
package() {
    local dist=$1
    "${build[@]}" --locked --quiet --target $target --profile wasm --package phi-pre-wasm --features "$2"
    rm -rf "$dist" && mkdir -p "$dist"
    "$tools/bin/wasm-bindgen" --target web --remove-name-section --remove-producers-section --out-dir "$dist" \
        --out-name phi_pre "$CARGO_TARGET_DIR/$target/wasm/phi_pre.wasm"
    "$tools/node_modules/.bin/wasm-opt" -Oz --converge --strip-debug --enable-bulk-memory --enable-nontrapping-float-to-int \
        --enable-sign-ext --enable-mutable-globals --enable-reference-types --enable-multivalue \
        "$dist/phi_pre_bg.wasm" -o "$dist/phi_pre_bg.wasm"
    # The error class is a file of the package, and not of a folder that wasm-bindgen names by a hash.
    rm -r "$dist/snippets"
    sed -i -E "s#'\./snippets/[^']*/js/error\.js'#'./error.js'#" "$dist/phi_pre.js"
    sed -i '1i /// <reference lib="esnext.disposable" />\nimport type { PhiPreError } from "./error.js";' "$dist/phi_pre.d.ts"
    cp wasm/js/*.{js,d.ts,json} wasm/README.md LICENSE-MIT LICENSE-APACHE "$dist/"
    # Modules that only export are their own types.
    for name in classes hazmat; do cp "$dist/$name.js" "$dist/$name.d.ts"; done
    rm -f "$dist/.gitignore"
}

echo "-- the package for $target"
package "$dist" blst
echo "wasm/dist: $(wc -c <"$dist/phi_pre_bg.wasm") bytes of WebAssembly"

echo "-- the page, with the ledger in its module"
package "$PWD/target/wasm-page" blst,page
node wasm/page/build.js "$tools" target/wasm-page wasm/page.html
