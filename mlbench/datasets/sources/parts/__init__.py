"""What sources share: pinned files of public repositories, texts. No dataset lies here."""
