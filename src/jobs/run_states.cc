// A run as `extract` opens it, without its index.
#include "jobs/run_states.h"

#include <fmt/format.h>

#include <optional>
#include <vector>

#include "base/error.h"
#include "base/hash.h"
#include "jobs/answerer.h"
#include "jobs/entity_model.h"
#include "jobs/run_calibration.h"
#include "retrieve/sentence_step.h"

namespace relatum::jobs {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(const fs::path& run, const char* why) {
  fail("jobs.index", fmt::format("{}: {}, so its states are no vectors to find examples by. Use "
                                 "another run, or an embedder such as all-minilm-l6-v2.",
                                 run.string(), why));
}

ExtractOptions asking(const fs::path& run, const RunStates::Choice& choice) {
  ExtractOptions options;
  options.adapter = run.string();
  options.model.compute = choice.compute;
  options.model.models = choice.models;
  options.data.skip_bad_rows = choice.skip_long;
  options.no_index = true;
  return options;
}

ExtractSetup settled(const ExtractOptions& options, const fs::path& run, const Host& host) {
  if (const auto entities = entity_run(run.string()); entities && !entities->joint) {
    refuse(run, "it finds entities and names no relations");
  }
  ExtractSetup setup = settle_extract(options, host);
  if (setup.run && reads_pairs(*setup.run)) refuse(run, "it reads all pairs of a sentence at once");
  if (setup.style.body.needs_example()) refuse(run, "its prompts need a retrieved example");
  if (!setup.labels) refuse(run, "it has no labels.json");
  return setup;
}

}  // namespace

bool is_run(const fs::path& folder) {
  std::error_code ignored;
  return fs::is_regular_file(folder / "run.json", ignored);
}

struct RunStates::Parts {
  Parts(const fs::path& run, const Choice& choice, const Host& host)
      : options(asking(run, choice)), setup(settled(options, run, host)),
        answerer(options, setup, setup.labels.value(), host) {
    if (answerer.session().model().info().encoder_layers > 0) {
      refuse(run, "it is an encoder-decoder");
    }
    described = setup.style.classifier ? "states that the classifier reads, normalised"
                                       : "last state of prompts, normalised";
    const std::string made_of = fmt::format(
        "base {} {}\nadapter {}\nstyle {}\nchat {}\n", answerer.session().weights_hash(),
        answerer.session().base(), adapter_hash(options.adapter, setup.run),
        task::style_hash(setup.style), setup.chat);
    hash = sha256(std::as_bytes(std::span(made_of)));
  }

  const ExtractOptions options;
  const ExtractSetup setup;
  Answerer answerer;
  std::string hash, described;
};

RunStates::RunStates(const fs::path& run, const Choice& choice, const Host& host)
    : parts_(std::make_unique<Parts>(run, choice, host)) {}

RunStates::~RunStates() = default;

Matrix<float> RunStates::of(std::span<const task::Example> examples, const Context& context) {
  Matrix<float> states = parts_->answerer.states(examples, context);
  for (int64_t i = 0; i < states.rows(); ++i) {
    float* row = states.row(i);
    std::vector<double> values(row, row + states.cols());
    retrieve::normalise(values);
    for (size_t k = 0; k < values.size(); ++k) row[k] = float(values[k]);
  }
  return states;
}

const std::string& RunStates::hash() const { return parts_->hash; }
const std::string& RunStates::described() const { return parts_->described; }

int64_t RunStates::too_long() const { return parts_->answerer.counts().too_long; }

std::string RunStates::compute() const {
  return std::string(name_of(parts_->answerer.session().compute()));
}

}  // namespace relatum::jobs
