// Reads what the run has just written.
#include "jobs/run_card.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "io/json.h"
#include "jobs/card_file.h"
#include "jobs/model_card.h"
#include "jobs/run_record.h"
#include "train/full_folder.h"

namespace relatum::jobs {
namespace {

namespace fs = std::filesystem;

std::string command(const char* run) {
  return fmt::format("relatum extract --adapter {} --data FILE --out predictions.jsonl", run);
}

}  // namespace

std::string card_title(const fs::path& folder) {
  fs::path whole = fs::absolute(folder).lexically_normal();
  if (!whole.has_filename()) whole = whole.parent_path();
  return whole.filename().string();
}

void write_run_cards(const fs::path& run, const BaseIdentity& base, const Context& context) {
  try {
    const nlohmann::json record = io::load_json(run / "run.json");
    const bool own_model = has_own_model(read_run(run));
    const fs::path calibration = calibration_file(run);
    ModelCard card{own_model ? CardOf::kRun : CardOf::kAdapter,
                   card_title(run),
                   base,
                   record,
                   run,
                   std::nullopt,
                   command(".")};
    if (fs::exists(calibration)) card.calibration = load_calibration(calibration);
    write_card(run, model_card(card), context);
    if (!own_model) return;
    card.of = CardOf::kModel;
    card.ask = command("..");
    write_card(train::full_folder(run), model_card(card), context);
  } catch (const Error& error) {
    context.warn(fmt::format("no model card was written. {}", error.what()));
  }
}

void renew_run_cards(const fs::path& run, const std::optional<BaseIdentity>& base,
                     const Context& context) {
  const fs::path file = card_file_of(run);
  if (!fs::exists(file)) return;
  if (base) return write_run_cards(run, *base, context);
  context.info(fmt::format(
      "{} stays as it is, as the base that it names is not at hand: what it says of calibration is "
      "older.",
      file.string()));
}

}  // namespace relatum::jobs
