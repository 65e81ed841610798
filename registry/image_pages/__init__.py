"""What the pages of one image or chart show, for console and gallery alike: values for their shared templates."""
