// Label Studio's tasks, with annotations or a model's predictions, and the configuration they need.
#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "task/convert.h"

namespace relatum::task {

/// Whose predictions they are.
struct StudioModel {
  std::string version;  ///< what Label Studio shows as the model's version
  double score = 0;     ///< 0 to 1; Label Studio can sort tasks by it
};

/// A JSON array of tasks: `data` with the text and what regions do not say
/// (task/labelstudio_form.h), regions whose offsets are code points, and relations; several labels
/// of a pair are one relation with several labels. A document without labels has its entities as
/// predictions.
class LabelStudioWriter : public DocumentWriter {
 public:
  explicit LabelStudioWriter(Put put);
  void add(const Document& document) override;
  /// The document's relations are a model's answers, to be looked through.
  void add_predicted(const Document& document, const StudioModel& model);
  void finish() override;
  std::vector<std::string> remarks() const override;

  /// The labelling configuration (XML) for all documents so far, `types` and `labels` in front.
  std::string configuration(const std::vector<std::string>& types,
                            const std::vector<std::string>& labels) const;

 private:
  void put_task(const Document& document, const char* key, std::string_view version, double score);

  Put put_;
  int64_t tasks_ = 0, with_gaps_ = 0;
  bool several_ = false;  // labels of one pair
  std::set<std::string> types_, labels_;
};

/// Where the configuration of tasks lies: beside them, with the ending .xml. Throws Error where
/// that is the tasks' own ending.
std::filesystem::path studio_configuration(const std::filesystem::path& tasks);

}  // namespace relatum::task
