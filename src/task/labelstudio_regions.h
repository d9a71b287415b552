// The regions of one of Label Studio's tasks, and their places in its text.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "task/document.h"
#include "task/offsets.h"
#include "task/row_sink.h"

namespace relatum::task {

/// A region of the text before its places are counted.
struct StudioRegion {
  std::string id, label;
  QuotedSpan span;
};

/// The regions among the results of one annotation, in their order. Each control that says
/// something of a region makes a result of its own, which repeats the region's id and place: those
/// of labels make the region; other answers are counted and passed over, but for those of a region
/// that nobody labelled. Throws Error.
std::vector<StudioRegion> studio_regions(const std::vector<const nlohmann::json*>& results,
                                         int64_t line, RowSink& rows);

/// `data.text`, or the only text that a task has, or the only one whose words the regions quote.
/// Throws Error; `place` begins the sentence.
std::string studio_text(const nlohmann::json& data, const std::vector<StudioRegion>& regions,
                        const std::string& place);

/// Makes them entities of the document, which has its text. Label Studio counts code points; up to
/// version 1.4 it counted UTF-16 units, as models' predictions may, so the texts that the regions
/// quote decide, or the SPEC (RowSink::offsets). Where both fit at different places, a warning says
/// so. Throws Error for a region that lies elsewhere than it says.
void place_studio_regions(const std::vector<StudioRegion>& regions, Document& document,
                          RowSink& rows);

}  // namespace relatum::task
