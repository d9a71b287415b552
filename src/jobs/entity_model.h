// A run that finds entities, opened: base, adapter, and the classifier of spans.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "jobs/entity_search.h"
#include "jobs/extract_setup.h"
#include "train/adapter.h"
#include "train/span_training.h"

namespace relatum::jobs {

/// The run in the folder where it finds entities, alone or beside relations; nothing where it does
/// not, or there is none.
std::optional<RunInfo> entity_run(const std::string& folder);
/// Throws Error where the folder holds no run that finds entities.
void check_entity_run(const std::string& folder);
/// The classes of the types that --entity-types names, in rising order; empty: all. Throws Error
/// for a type that the run does not know.
std::vector<int32_t> asked_classes(const ExtractOptions& options, const RunEntities& form);
/// What its record says and the options say otherwise, before a model is opened. Throws Error where
/// the run is not finished, or its files were changed (unless forced), and as asked_classes() does.
ExtractSetup settle_entities(const ExtractOptions& options, const Host& host);

class EntityModel {
 public:
  /// Opens what settle_entities() settled, and holds the base against the run's record.
  EntityModel(const ExtractOptions& options, const ExtractSetup& setup, const Host& host);
  /// On a session and with an adapter that were opened already, which outlive it: those that answer
  /// the pairs of a run that learned both.
  EntityModel(const ExtractOptions& options, const RunInfo& run, const engine::Session& session,
              const nn::LoraSet* adapter);

  const engine::Session& session() const { return *session_; }
  const RunEntities& form() const { return form_; }
  /// What finds entities; not to be used by several threads at once.
  const EntitySearch& search() const { return *search_; }
  /// All that decides what it finds, by content, on one line.
  std::string identity() const;

 private:
  void open(const ExtractOptions& options, const nn::LoraSet* adapter);

  std::string folder_;
  RunEntities form_;
  std::unique_ptr<engine::Session> own_;
  const engine::Session* session_;
  std::unique_ptr<train::Adapter> adapter_;
  train::LoadedSpanHead head_;
  std::optional<engine::Worker> worker_;
  std::optional<EntitySearch> search_;
};

}  // namespace relatum::jobs
