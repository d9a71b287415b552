// JSON texts: what was read can be written, and reads the same.
#include "io/json.h"

#include <nlohmann/json.hpp>

#include "../target.h"

namespace relatum::fuzz {
namespace {

bool run(Bytes bytes) {
  return accepts([&] {
    const auto value = io::parse_json(text_of(bytes), "input");
    require(io::parse_json(io::dump_json(value), "again") == value, "written JSON reads the same");
  });
}

}  // namespace

const Target& target_json() {
  static const Target target{"json", run};
  return target;
}

}  // namespace relatum::fuzz
