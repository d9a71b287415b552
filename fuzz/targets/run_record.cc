// The record of a run.
#include "jobs/run_record.h"

#include "../memory.h"
#include "../target.h"

namespace relatum::fuzz {
namespace {

bool run(Bytes bytes) {
  static const MemoryFolder folder;
  folder.write("run.json", bytes);
  return accepts([&] {
    for (const auto& [name, hash] : jobs::read_run(folder.path()).files) {
      const auto path = (folder.path() / name).lexically_normal();
      require(path.parent_path() == folder.path(), "a run names files of its own folder alone");
    }
  });
}

}  // namespace

const Target& target_run_record() {
  static const Target target{"run_record", run};
  return target;
}

}  // namespace relatum::fuzz
