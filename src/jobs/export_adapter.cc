// The base is opened for its names and shapes.
#include "jobs/export_adapter.h"

#include <algorithm>

#include "base/error.h"
#include "base/known_names.h"
#include "jobs/models_folder.h"
#include "jobs/open_adapter.h"
#include "jobs/write_gguf.h"
#include "train/gguf_lora.h"

namespace relatum::jobs {
namespace {

// How the file is asked what its run was taught.
MergedUse use_of(const ExtractOptions& options, const ExtractSetup& setup) {
  namespace fs = std::filesystem;
  const fs::path run(options.adapter);
  MergedUse use;
  if (fs::is_regular_file(run / "labels.json")) use.labels = (run / "labels.json").string();
  if (!setup.run) return use;
  const bool own = fs::is_regular_file(run / "prompt.txt");
  use.prompt = own ? (run / "prompt.txt").string() : setup.run->prompt;
  use.chat = setup.run->chat;
  use.index = setup.run->index;
  use.neighbours = setup.run->neighbours;
  return use;
}

}  // namespace

std::vector<std::string> export_formats() { return {"f32", "f16", "bf16"}; }

ExportReport export_adapter(const ExportOptions& options, const Host& host) {
  const auto known = export_formats();
  if (std::ranges::find(known, options.format) == known.end()) {
    fail("jobs.export", unknown_name("number format", options.format, known));
  }
  const ExtractOptions& use = options.use;
  const ExtractSetup setup = settle_adapter(use, host);
  const auto path = find_model(setup.model, setup.models, host);
  CommandInputs inputs;
  inputs.files = {path, use.adapter};
  inputs.folders = {path, use.adapter};
  check_gguf_out(options.out, inputs, options.overwrite);
  const OpenedAdapter opened = open_adapter(use, setup, path, host);
  const arch::GgufNames& names = opened.session->model().gguf_names();
  train::write_gguf_lora(options.out, *opened.adapter, names, options.format);
  return {int64_t(opened.adapter->modules().size()),
          names.architecture,
          setup.run ? setup.run->base : "",
          std::filesystem::file_size(options.out),
          setup.model,
          use_of(use, setup)};
}

}  // namespace relatum::jobs
