// README.md of a folder that we write: ours may be replaced, anybody else's never.
#pragma once

#include <filesystem>
#include <string>

#include "base/context.h"

namespace relatum::jobs {

/// FOLDER/README.md.
std::filesystem::path card_file_of(const std::filesystem::path& folder);
/// The card with a last line by which it is known again.
std::string sealed_card(const std::string& card);
/// Whether the file is a sealed card in which nothing was changed.
bool is_own_card(const std::filesystem::path& file);
/// Says that a README which is no such card stays as it is.
void tell_other_card(const std::filesystem::path& file, const Context& context);
/// Whether something else lies in its place: a card that was changed by hand, or a README.
bool has_other_card(const std::filesystem::path& folder);

/// Writes it, unless has_other_card(), which is told. What a full disk or the like prevents is
/// told, too: what the card describes is there without it.
void write_card(const std::filesystem::path& folder, const std::string& card,
                const Context& context);
/// Removes a card of ours.
void remove_card(const std::filesystem::path& folder);

}  // namespace relatum::jobs
