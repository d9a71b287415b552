// What the reader and the writer of Label Studio's tasks agree on.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "task/document.h"

namespace relatum::task {

/// The key of a task's `data` that keeps what Label Studio has no place for; exports have it, too.
inline constexpr const char* kStudioKept = "relatum";
/// The label of a region whose entity has no type.
inline constexpr const char* kStudioUntyped = "Entity";

/// The region of entity i. Label Studio cuts ids at "#", so ours are not those of the data.
std::string studio_region(size_t i);
/// A document's id, and of its entities and relations what regions do not say.
nlohmann::ordered_json studio_kept(const Document& document);
/// Gives a document that was read from regions what studio_kept() said. What was changed since
/// stays as it was changed. Throws Error where `kept` is not what we write.
void restore_studio(const nlohmann::json& kept, Document& document);

}  // namespace relatum::task
