// Reads what the run has just written.
#include "jobs/finetune_card.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "io/json.h"
#include "jobs/card_file.h"
#include "jobs/finetune_method.h"
#include "jobs/model_card.h"
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

void renew_run_card(const fs::path& run, bool own_model, const BaseIdentity& base,
                    const Context& context) {
  const fs::path file = card_file_of(run);
  if (!fs::exists(file)) return;
  if (own_model || !is_own_card(file)) {
    context.info(
        fmt::format("{} stays as it is: what it says of calibration is older.", file.string()));
    return;
  }
  const nlohmann::json record = io::load_json(run / "run.json");
  ModelCard card{CardOf::kAdapter, card_title(run), base, record, run, std::nullopt, command(".")};
  card.calibration = load_calibration(calibration_file(run));
  write_card(run, model_card(card), context);
}

void write_run_cards(const FinetuneParts& parts, const Context& context) {
  const fs::path run(parts.options.out);
  try {
    const nlohmann::json record = io::load_json(run / "run.json");
    const fs::path calibration = calibration_file(run);
    ModelCard card{trains_all(parts.options) ? CardOf::kRun : CardOf::kAdapter,
                   card_title(run),
                   base_identity(parts.session.files(), parts.options.model.model),
                   record,
                   run,
                   std::nullopt,
                   command(".")};
    if (fs::exists(calibration)) card.calibration = load_calibration(calibration);
    write_card(run, model_card(card), context);
    if (card.of != CardOf::kRun) return;
    card.of = CardOf::kModel;
    card.ask = command("..");
    write_card(train::full_folder(run), model_card(card), context);
  } catch (const Error& error) {
    context.warn(fmt::format("no model card was written. {}", error.what()));
  }
}

}  // namespace relatum::jobs
