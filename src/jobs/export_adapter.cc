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
          use_of_run(use, setup, use.adapter, host.context)};
}

}  // namespace relatum::jobs
